// Original file: contract/codes.proto


export interface CreateCodesResponse {
  'codes'?: (string)[];
}

export interface CreateCodesResponse__Output {
  'codes': (string)[];
}
