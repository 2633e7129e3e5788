// Original file: contract/recount.proto


export interface RecountPollRequest {
  'pollId'?: (string);
}

export interface RecountPollRequest__Output {
  'pollId': (string);
}
