// Original file: contract/admin.proto


export interface OptionInput {
  'id'?: (number);
  'text'?: (string);
  '_id'?: "id";
}

export interface OptionInput__Output {
  'id'?: (number);
  'text': (string);
  '_id'?: "id";
}
