// Original file: contract/admin.proto


export interface GetPollRequest {
  'pollId'?: (string);
}

export interface GetPollRequest__Output {
  'pollId': (string);
}
