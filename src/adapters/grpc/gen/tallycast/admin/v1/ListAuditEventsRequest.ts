// Original file: contract/audit.proto


export interface ListAuditEventsRequest {
  'pageSize'?: (number);
  'pageToken'?: (string);
  'pollId'?: (string);
}

export interface ListAuditEventsRequest__Output {
  'pageSize': (number);
  'pageToken': (string);
  'pollId': (string);
}
