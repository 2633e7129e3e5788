// Original file: contract/admin.proto

import type { OptionInput as _tallycast_admin_v1_OptionInput, OptionInput__Output as _tallycast_admin_v1_OptionInput__Output } from '../../../tallycast/admin/v1/OptionInput.ts';

export interface OptionList {
  'options'?: (_tallycast_admin_v1_OptionInput)[];
}

export interface OptionList__Output {
  'options': (_tallycast_admin_v1_OptionInput__Output)[];
}
