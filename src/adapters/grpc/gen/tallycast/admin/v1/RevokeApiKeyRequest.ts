// Original file: contract/keys.proto


export interface RevokeApiKeyRequest {
  'prefix'?: (string);
}

export interface RevokeApiKeyRequest__Output {
  'prefix': (string);
}
