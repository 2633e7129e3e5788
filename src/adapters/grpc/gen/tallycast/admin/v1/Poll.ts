// Original file: contract/admin.proto

import type { PollType as _tallycast_admin_v1_PollType, PollType__Output as _tallycast_admin_v1_PollType__Output } from '../../../tallycast/admin/v1/PollType.ts';
import type { PollOption as _tallycast_admin_v1_PollOption, PollOption__Output as _tallycast_admin_v1_PollOption__Output } from '../../../tallycast/admin/v1/PollOption.ts';
import type { PollStatus as _tallycast_admin_v1_PollStatus, PollStatus__Output as _tallycast_admin_v1_PollStatus__Output } from '../../../tallycast/admin/v1/PollStatus.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.ts';
import type { ResultsVisibility as _tallycast_admin_v1_ResultsVisibility, ResultsVisibility__Output as _tallycast_admin_v1_ResultsVisibility__Output } from '../../../tallycast/admin/v1/ResultsVisibility.ts';
import type { VoterVisibility as _tallycast_admin_v1_VoterVisibility, VoterVisibility__Output as _tallycast_admin_v1_VoterVisibility__Output } from '../../../tallycast/admin/v1/VoterVisibility.ts';
import type { VoterIdentity as _tallycast_admin_v1_VoterIdentity, VoterIdentity__Output as _tallycast_admin_v1_VoterIdentity__Output } from '../../../tallycast/admin/v1/VoterIdentity.ts';
import type { Long } from '@grpc/proto-loader';

export interface Poll {
  'pollId'?: (string);
  'question'?: (string);
  'description'?: (string);
  'type'?: (_tallycast_admin_v1_PollType);
  'options'?: (_tallycast_admin_v1_PollOption)[];
  'minChoices'?: (number);
  'maxChoices'?: (number);
  'status'?: (_tallycast_admin_v1_PollStatus);
  'opensAt'?: (_google_protobuf_Timestamp | null);
  'closesAt'?: (_google_protobuf_Timestamp | null);
  'openedAt'?: (_google_protobuf_Timestamp | null);
  'closedAt'?: (_google_protobuf_Timestamp | null);
  'editedAt'?: (_google_protobuf_Timestamp | null);
  'createdAt'?: (_google_protobuf_Timestamp | null);
  'resultsVisibility'?: (_tallycast_admin_v1_ResultsVisibility);
  'voterVisibility'?: (_tallycast_admin_v1_VoterVisibility);
  'voterIdentity'?: (_tallycast_admin_v1_VoterIdentity);
  'allowVoteChange'?: (boolean);
  'round'?: (number);
  'revision'?: (number);
  'version'?: (number | string | Long);
  'totalVotes'?: (number | string | Long);
  'resultsFinal'?: (boolean);
  'joinCode'?: (string);
  '_version'?: "version";
  '_totalVotes'?: "totalVotes";
  '_joinCode'?: "joinCode";
}

export interface Poll__Output {
  'pollId': (string);
  'question': (string);
  'description': (string);
  'type': (_tallycast_admin_v1_PollType__Output);
  'options': (_tallycast_admin_v1_PollOption__Output)[];
  'minChoices': (number);
  'maxChoices': (number);
  'status': (_tallycast_admin_v1_PollStatus__Output);
  'opensAt': (_google_protobuf_Timestamp__Output | null);
  'closesAt': (_google_protobuf_Timestamp__Output | null);
  'openedAt': (_google_protobuf_Timestamp__Output | null);
  'closedAt': (_google_protobuf_Timestamp__Output | null);
  'editedAt': (_google_protobuf_Timestamp__Output | null);
  'createdAt': (_google_protobuf_Timestamp__Output | null);
  'resultsVisibility': (_tallycast_admin_v1_ResultsVisibility__Output);
  'voterVisibility': (_tallycast_admin_v1_VoterVisibility__Output);
  'voterIdentity': (_tallycast_admin_v1_VoterIdentity__Output);
  'allowVoteChange': (boolean);
  'round': (number);
  'revision': (number);
  'version'?: (number);
  'totalVotes'?: (number);
  'resultsFinal': (boolean);
  'joinCode'?: (string);
  '_version'?: "version";
  '_totalVotes'?: "totalVotes";
  '_joinCode'?: "joinCode";
}
