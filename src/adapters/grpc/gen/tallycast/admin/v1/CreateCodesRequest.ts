// Original file: contract/codes.proto


export interface CreateCodesRequest {
  'pollId'?: (string);
  'count'?: (number);
}

export interface CreateCodesRequest__Output {
  'pollId': (string);
  'count': (number);
}
