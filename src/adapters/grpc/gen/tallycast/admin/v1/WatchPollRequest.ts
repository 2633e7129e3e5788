// Original file: contract/admin.proto


export interface WatchPollRequest {
  'pollId'?: (string);
}

export interface WatchPollRequest__Output {
  'pollId': (string);
}
