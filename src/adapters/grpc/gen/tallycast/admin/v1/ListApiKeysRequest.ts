// Original file: contract/keys.proto


export interface ListApiKeysRequest {
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListApiKeysRequest__Output {
  'pageSize': (number);
  'pageToken': (string);
}
