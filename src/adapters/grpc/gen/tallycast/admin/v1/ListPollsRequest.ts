// Original file: contract/admin.proto


export interface ListPollsRequest {
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListPollsRequest__Output {
  'pageSize': (number);
  'pageToken': (string);
}
