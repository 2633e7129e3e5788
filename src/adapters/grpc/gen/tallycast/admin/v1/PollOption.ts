// Original file: contract/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface PollOption {
  'id'?: (number);
  'text'?: (string);
  'position'?: (number);
  'votes'?: (number | string | Long);
  '_votes'?: "votes";
}

export interface PollOption__Output {
  'id': (number);
  'text': (string);
  'position': (number);
  'votes'?: (number);
  '_votes'?: "votes";
}
