// Original file: contract/audit.proto

import type { AuditEvent as _tallycast_admin_v1_AuditEvent, AuditEvent__Output as _tallycast_admin_v1_AuditEvent__Output } from '../../../tallycast/admin/v1/AuditEvent.ts';

export interface ListAuditEventsResponse {
  'events'?: (_tallycast_admin_v1_AuditEvent)[];
  'nextPageToken'?: (string);
}

export interface ListAuditEventsResponse__Output {
  'events': (_tallycast_admin_v1_AuditEvent__Output)[];
  'nextPageToken': (string);
}
