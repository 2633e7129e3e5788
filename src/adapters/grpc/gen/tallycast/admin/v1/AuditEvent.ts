// Original file: contract/audit.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.ts';
import type { AuditAction as _tallycast_admin_v1_AuditAction, AuditAction__Output as _tallycast_admin_v1_AuditAction__Output } from '../../../tallycast/admin/v1/AuditAction.ts';
import type { AuditActor as _tallycast_admin_v1_AuditActor, AuditActor__Output as _tallycast_admin_v1_AuditActor__Output } from '../../../tallycast/admin/v1/AuditActor.ts';

export interface AuditEvent {
  'id'?: (string);
  'at'?: (_google_protobuf_Timestamp | null);
  'action'?: (_tallycast_admin_v1_AuditAction);
  'actor'?: (_tallycast_admin_v1_AuditActor);
  'actorKey'?: (string);
  'pollId'?: (string);
  'keyPrefix'?: (string);
  'address'?: (string);
  'requestId'?: (string);
  'actionWord'?: (string);
  'actorWord'?: (string);
}

export interface AuditEvent__Output {
  'id': (string);
  'at': (_google_protobuf_Timestamp__Output | null);
  'action': (_tallycast_admin_v1_AuditAction__Output);
  'actor': (_tallycast_admin_v1_AuditActor__Output);
  'actorKey': (string);
  'pollId': (string);
  'keyPrefix': (string);
  'address': (string);
  'requestId': (string);
  'actionWord': (string);
  'actorWord': (string);
}
