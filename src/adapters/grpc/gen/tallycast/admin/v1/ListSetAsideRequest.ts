// Original file: contract/set_aside.proto


export interface ListSetAsideRequest {
  'pollId'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListSetAsideRequest__Output {
  'pollId': (string);
  'pageSize': (number);
  'pageToken': (string);
}
