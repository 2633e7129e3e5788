// Original file: contract/admin.proto

import type { PollType as _tallycast_admin_v1_PollType, PollType__Output as _tallycast_admin_v1_PollType__Output } from '../../../tallycast/admin/v1/PollType.ts';
import type { OptionList as _tallycast_admin_v1_OptionList, OptionList__Output as _tallycast_admin_v1_OptionList__Output } from '../../../tallycast/admin/v1/OptionList.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.ts';
import type { ResultsVisibility as _tallycast_admin_v1_ResultsVisibility, ResultsVisibility__Output as _tallycast_admin_v1_ResultsVisibility__Output } from '../../../tallycast/admin/v1/ResultsVisibility.ts';
import type { VoterVisibility as _tallycast_admin_v1_VoterVisibility, VoterVisibility__Output as _tallycast_admin_v1_VoterVisibility__Output } from '../../../tallycast/admin/v1/VoterVisibility.ts';
import type { VoterIdentity as _tallycast_admin_v1_VoterIdentity, VoterIdentity__Output as _tallycast_admin_v1_VoterIdentity__Output } from '../../../tallycast/admin/v1/VoterIdentity.ts';

export interface UpdatePollRequest {
  'pollId'?: (string);
  'question'?: (string);
  'description'?: (string);
  'type'?: (_tallycast_admin_v1_PollType);
  'options'?: (_tallycast_admin_v1_OptionList | null);
  'minChoices'?: (number);
  'maxChoices'?: (number);
  'opensAt'?: (_google_protobuf_Timestamp | null);
  'closesAt'?: (_google_protobuf_Timestamp | null);
  'clearOpensAt'?: (boolean);
  'clearClosesAt'?: (boolean);
  'resultsVisibility'?: (_tallycast_admin_v1_ResultsVisibility);
  'voterVisibility'?: (_tallycast_admin_v1_VoterVisibility);
  'voterIdentity'?: (_tallycast_admin_v1_VoterIdentity);
  'allowVoteChange'?: (boolean);
  '_question'?: "question";
  '_description'?: "description";
  '_minChoices'?: "minChoices";
  '_maxChoices'?: "maxChoices";
  '_allowVoteChange'?: "allowVoteChange";
}

export interface UpdatePollRequest__Output {
  'pollId': (string);
  'question'?: (string);
  'description'?: (string);
  'type': (_tallycast_admin_v1_PollType__Output);
  'options': (_tallycast_admin_v1_OptionList__Output | null);
  'minChoices'?: (number);
  'maxChoices'?: (number);
  'opensAt': (_google_protobuf_Timestamp__Output | null);
  'closesAt': (_google_protobuf_Timestamp__Output | null);
  'clearOpensAt': (boolean);
  'clearClosesAt': (boolean);
  'resultsVisibility': (_tallycast_admin_v1_ResultsVisibility__Output);
  'voterVisibility': (_tallycast_admin_v1_VoterVisibility__Output);
  'voterIdentity': (_tallycast_admin_v1_VoterIdentity__Output);
  'allowVoteChange'?: (boolean);
  '_question'?: "question";
  '_description'?: "description";
  '_minChoices'?: "minChoices";
  '_maxChoices'?: "maxChoices";
  '_allowVoteChange'?: "allowVoteChange";
}
