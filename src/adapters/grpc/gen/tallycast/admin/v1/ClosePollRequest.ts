// Original file: contract/admin.proto


export interface ClosePollRequest {
  'pollId'?: (string);
}

export interface ClosePollRequest__Output {
  'pollId': (string);
}
