// Original file: contract/admin.proto


export interface PipelineStatusRequest {
}

export interface PipelineStatusRequest__Output {
}
