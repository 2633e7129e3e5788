// Original file: contract/admin.proto

import type { Partition as _tallycast_admin_v1_Partition, Partition__Output as _tallycast_admin_v1_Partition__Output } from '../../../tallycast/admin/v1/Partition.ts';

export interface PipelineStatusResponse {
  'partitions'?: (_tallycast_admin_v1_Partition)[];
}

export interface PipelineStatusResponse__Output {
  'partitions': (_tallycast_admin_v1_Partition__Output)[];
}
