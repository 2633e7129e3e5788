// Original file: contract/recount.proto

import type { Long } from '@grpc/proto-loader';

export interface Difference {
  'optionId'?: (number);
  'tally'?: (number | string | Long);
  'ledger'?: (number | string | Long);
  '_optionId'?: "optionId";
}

export interface Difference__Output {
  'optionId'?: (number);
  'tally': (number);
  'ledger': (number);
  '_optionId'?: "optionId";
}
