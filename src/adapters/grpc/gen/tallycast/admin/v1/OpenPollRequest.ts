// Original file: contract/admin.proto


export interface OpenPollRequest {
  'pollId'?: (string);
}

export interface OpenPollRequest__Output {
  'pollId': (string);
}
