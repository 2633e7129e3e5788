// Original file: contract/set_aside.proto

import type { SetAsideReason as _tallycast_admin_v1_SetAsideReason, SetAsideReason__Output as _tallycast_admin_v1_SetAsideReason__Output } from '../../../tallycast/admin/v1/SetAsideReason.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.ts';
import type { VoteKind as _tallycast_admin_v1_VoteKind, VoteKind__Output as _tallycast_admin_v1_VoteKind__Output } from '../../../tallycast/admin/v1/VoteKind.ts';
import type { ReplayOutcome as _tallycast_admin_v1_ReplayOutcome, ReplayOutcome__Output as _tallycast_admin_v1_ReplayOutcome__Output } from '../../../tallycast/admin/v1/ReplayOutcome.ts';
import type { Long } from '@grpc/proto-loader';

export interface SetAside {
  'id'?: (string);
  'pollId'?: (string);
  'reason'?: (_tallycast_admin_v1_SetAsideReason);
  'detail'?: (string);
  'setAsideAt'?: (_google_protobuf_Timestamp | null);
  'round'?: (number);
  'kind'?: (_tallycast_admin_v1_VoteKind);
  'optionIds'?: (number)[];
  'isCloseMarker'?: (boolean);
  'unread'?: (Buffer | Uint8Array | string);
  'unreadLength'?: (number | string | Long);
  'replayOutcome'?: (_tallycast_admin_v1_ReplayOutcome);
  'replayedAt'?: (_google_protobuf_Timestamp | null);
  '_round'?: "round";
}

export interface SetAside__Output {
  'id': (string);
  'pollId': (string);
  'reason': (_tallycast_admin_v1_SetAsideReason__Output);
  'detail': (string);
  'setAsideAt': (_google_protobuf_Timestamp__Output | null);
  'round'?: (number);
  'kind': (_tallycast_admin_v1_VoteKind__Output);
  'optionIds': (number)[];
  'isCloseMarker': (boolean);
  'unread': (Buffer);
  'unreadLength': (number);
  'replayOutcome': (_tallycast_admin_v1_ReplayOutcome__Output);
  'replayedAt': (_google_protobuf_Timestamp__Output | null);
  '_round'?: "round";
}
