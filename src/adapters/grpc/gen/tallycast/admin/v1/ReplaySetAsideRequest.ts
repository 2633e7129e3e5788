// Original file: contract/set_aside.proto


export interface ReplaySetAsideRequest {
  'ids'?: (string)[];
  'pollId'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ReplaySetAsideRequest__Output {
  'ids': (string)[];
  'pollId': (string);
  'pageSize': (number);
  'pageToken': (string);
}
