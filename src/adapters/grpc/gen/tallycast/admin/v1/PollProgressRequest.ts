// Original file: contract/progress.proto


export interface PollProgressRequest {
  'pollId'?: (string);
}

export interface PollProgressRequest__Output {
  'pollId': (string);
}
