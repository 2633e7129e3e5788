// Original file: contract/admin.proto


export interface DeletePollRequest {
  'pollId'?: (string);
}

export interface DeletePollRequest__Output {
  'pollId': (string);
}
