// Original file: contract/admin.proto


export interface ResetPollRequest {
  'pollId'?: (string);
}

export interface ResetPollRequest__Output {
  'pollId': (string);
}
