import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { AdminServiceClient as _tallycast_admin_v1_AdminServiceClient, AdminServiceDefinition as _tallycast_admin_v1_AdminServiceDefinition } from './tallycast/admin/v1/AdminService.ts';
import type { ApiKey as _tallycast_admin_v1_ApiKey, ApiKey__Output as _tallycast_admin_v1_ApiKey__Output } from './tallycast/admin/v1/ApiKey.ts';
import type { AuditEvent as _tallycast_admin_v1_AuditEvent, AuditEvent__Output as _tallycast_admin_v1_AuditEvent__Output } from './tallycast/admin/v1/AuditEvent.ts';
import type { ClosePollRequest as _tallycast_admin_v1_ClosePollRequest, ClosePollRequest__Output as _tallycast_admin_v1_ClosePollRequest__Output } from './tallycast/admin/v1/ClosePollRequest.ts';
import type { CreateApiKeyRequest as _tallycast_admin_v1_CreateApiKeyRequest, CreateApiKeyRequest__Output as _tallycast_admin_v1_CreateApiKeyRequest__Output } from './tallycast/admin/v1/CreateApiKeyRequest.ts';
import type { CreateApiKeyResponse as _tallycast_admin_v1_CreateApiKeyResponse, CreateApiKeyResponse__Output as _tallycast_admin_v1_CreateApiKeyResponse__Output } from './tallycast/admin/v1/CreateApiKeyResponse.ts';
import type { CreateCodesRequest as _tallycast_admin_v1_CreateCodesRequest, CreateCodesRequest__Output as _tallycast_admin_v1_CreateCodesRequest__Output } from './tallycast/admin/v1/CreateCodesRequest.ts';
import type { CreateCodesResponse as _tallycast_admin_v1_CreateCodesResponse, CreateCodesResponse__Output as _tallycast_admin_v1_CreateCodesResponse__Output } from './tallycast/admin/v1/CreateCodesResponse.ts';
import type { CreatePollRequest as _tallycast_admin_v1_CreatePollRequest, CreatePollRequest__Output as _tallycast_admin_v1_CreatePollRequest__Output } from './tallycast/admin/v1/CreatePollRequest.ts';
import type { CreatePollResponse as _tallycast_admin_v1_CreatePollResponse, CreatePollResponse__Output as _tallycast_admin_v1_CreatePollResponse__Output } from './tallycast/admin/v1/CreatePollResponse.ts';
import type { DeletePollRequest as _tallycast_admin_v1_DeletePollRequest, DeletePollRequest__Output as _tallycast_admin_v1_DeletePollRequest__Output } from './tallycast/admin/v1/DeletePollRequest.ts';
import type { Difference as _tallycast_admin_v1_Difference, Difference__Output as _tallycast_admin_v1_Difference__Output } from './tallycast/admin/v1/Difference.ts';
import type { GetPollRequest as _tallycast_admin_v1_GetPollRequest, GetPollRequest__Output as _tallycast_admin_v1_GetPollRequest__Output } from './tallycast/admin/v1/GetPollRequest.ts';
import type { ListApiKeysRequest as _tallycast_admin_v1_ListApiKeysRequest, ListApiKeysRequest__Output as _tallycast_admin_v1_ListApiKeysRequest__Output } from './tallycast/admin/v1/ListApiKeysRequest.ts';
import type { ListApiKeysResponse as _tallycast_admin_v1_ListApiKeysResponse, ListApiKeysResponse__Output as _tallycast_admin_v1_ListApiKeysResponse__Output } from './tallycast/admin/v1/ListApiKeysResponse.ts';
import type { ListAuditEventsRequest as _tallycast_admin_v1_ListAuditEventsRequest, ListAuditEventsRequest__Output as _tallycast_admin_v1_ListAuditEventsRequest__Output } from './tallycast/admin/v1/ListAuditEventsRequest.ts';
import type { ListAuditEventsResponse as _tallycast_admin_v1_ListAuditEventsResponse, ListAuditEventsResponse__Output as _tallycast_admin_v1_ListAuditEventsResponse__Output } from './tallycast/admin/v1/ListAuditEventsResponse.ts';
import type { ListPollsRequest as _tallycast_admin_v1_ListPollsRequest, ListPollsRequest__Output as _tallycast_admin_v1_ListPollsRequest__Output } from './tallycast/admin/v1/ListPollsRequest.ts';
import type { ListPollsResponse as _tallycast_admin_v1_ListPollsResponse, ListPollsResponse__Output as _tallycast_admin_v1_ListPollsResponse__Output } from './tallycast/admin/v1/ListPollsResponse.ts';
import type { ListSetAsideRequest as _tallycast_admin_v1_ListSetAsideRequest, ListSetAsideRequest__Output as _tallycast_admin_v1_ListSetAsideRequest__Output } from './tallycast/admin/v1/ListSetAsideRequest.ts';
import type { ListSetAsideResponse as _tallycast_admin_v1_ListSetAsideResponse, ListSetAsideResponse__Output as _tallycast_admin_v1_ListSetAsideResponse__Output } from './tallycast/admin/v1/ListSetAsideResponse.ts';
import type { OpenPollRequest as _tallycast_admin_v1_OpenPollRequest, OpenPollRequest__Output as _tallycast_admin_v1_OpenPollRequest__Output } from './tallycast/admin/v1/OpenPollRequest.ts';
import type { OptionInput as _tallycast_admin_v1_OptionInput, OptionInput__Output as _tallycast_admin_v1_OptionInput__Output } from './tallycast/admin/v1/OptionInput.ts';
import type { OptionList as _tallycast_admin_v1_OptionList, OptionList__Output as _tallycast_admin_v1_OptionList__Output } from './tallycast/admin/v1/OptionList.ts';
import type { Partition as _tallycast_admin_v1_Partition, Partition__Output as _tallycast_admin_v1_Partition__Output } from './tallycast/admin/v1/Partition.ts';
import type { PipelineStatusRequest as _tallycast_admin_v1_PipelineStatusRequest, PipelineStatusRequest__Output as _tallycast_admin_v1_PipelineStatusRequest__Output } from './tallycast/admin/v1/PipelineStatusRequest.ts';
import type { PipelineStatusResponse as _tallycast_admin_v1_PipelineStatusResponse, PipelineStatusResponse__Output as _tallycast_admin_v1_PipelineStatusResponse__Output } from './tallycast/admin/v1/PipelineStatusResponse.ts';
import type { Poll as _tallycast_admin_v1_Poll, Poll__Output as _tallycast_admin_v1_Poll__Output } from './tallycast/admin/v1/Poll.ts';
import type { PollOption as _tallycast_admin_v1_PollOption, PollOption__Output as _tallycast_admin_v1_PollOption__Output } from './tallycast/admin/v1/PollOption.ts';
import type { PollProgressRequest as _tallycast_admin_v1_PollProgressRequest, PollProgressRequest__Output as _tallycast_admin_v1_PollProgressRequest__Output } from './tallycast/admin/v1/PollProgressRequest.ts';
import type { PollProgressResponse as _tallycast_admin_v1_PollProgressResponse, PollProgressResponse__Output as _tallycast_admin_v1_PollProgressResponse__Output } from './tallycast/admin/v1/PollProgressResponse.ts';
import type { RecountPollRequest as _tallycast_admin_v1_RecountPollRequest, RecountPollRequest__Output as _tallycast_admin_v1_RecountPollRequest__Output } from './tallycast/admin/v1/RecountPollRequest.ts';
import type { RecountPollResponse as _tallycast_admin_v1_RecountPollResponse, RecountPollResponse__Output as _tallycast_admin_v1_RecountPollResponse__Output } from './tallycast/admin/v1/RecountPollResponse.ts';
import type { ReplaySetAsideRequest as _tallycast_admin_v1_ReplaySetAsideRequest, ReplaySetAsideRequest__Output as _tallycast_admin_v1_ReplaySetAsideRequest__Output } from './tallycast/admin/v1/ReplaySetAsideRequest.ts';
import type { ReplaySetAsideResponse as _tallycast_admin_v1_ReplaySetAsideResponse, ReplaySetAsideResponse__Output as _tallycast_admin_v1_ReplaySetAsideResponse__Output } from './tallycast/admin/v1/ReplaySetAsideResponse.ts';
import type { Replayed as _tallycast_admin_v1_Replayed, Replayed__Output as _tallycast_admin_v1_Replayed__Output } from './tallycast/admin/v1/Replayed.ts';
import type { ResetPollRequest as _tallycast_admin_v1_ResetPollRequest, ResetPollRequest__Output as _tallycast_admin_v1_ResetPollRequest__Output } from './tallycast/admin/v1/ResetPollRequest.ts';
import type { RevokeApiKeyRequest as _tallycast_admin_v1_RevokeApiKeyRequest, RevokeApiKeyRequest__Output as _tallycast_admin_v1_RevokeApiKeyRequest__Output } from './tallycast/admin/v1/RevokeApiKeyRequest.ts';
import type { SetAside as _tallycast_admin_v1_SetAside, SetAside__Output as _tallycast_admin_v1_SetAside__Output } from './tallycast/admin/v1/SetAside.ts';
import type { UpdatePollRequest as _tallycast_admin_v1_UpdatePollRequest, UpdatePollRequest__Output as _tallycast_admin_v1_UpdatePollRequest__Output } from './tallycast/admin/v1/UpdatePollRequest.ts';
import type { WatchPollRequest as _tallycast_admin_v1_WatchPollRequest, WatchPollRequest__Output as _tallycast_admin_v1_WatchPollRequest__Output } from './tallycast/admin/v1/WatchPollRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  tallycast: {
    admin: {
      v1: {
        AdminService: SubtypeConstructor<typeof grpc.Client, _tallycast_admin_v1_AdminServiceClient> & { service: _tallycast_admin_v1_AdminServiceDefinition }
        ApiKey: MessageTypeDefinition<_tallycast_admin_v1_ApiKey, _tallycast_admin_v1_ApiKey__Output>
        AuditAction: EnumTypeDefinition
        AuditActor: EnumTypeDefinition
        AuditEvent: MessageTypeDefinition<_tallycast_admin_v1_AuditEvent, _tallycast_admin_v1_AuditEvent__Output>
        ClosePollRequest: MessageTypeDefinition<_tallycast_admin_v1_ClosePollRequest, _tallycast_admin_v1_ClosePollRequest__Output>
        CreateApiKeyRequest: MessageTypeDefinition<_tallycast_admin_v1_CreateApiKeyRequest, _tallycast_admin_v1_CreateApiKeyRequest__Output>
        CreateApiKeyResponse: MessageTypeDefinition<_tallycast_admin_v1_CreateApiKeyResponse, _tallycast_admin_v1_CreateApiKeyResponse__Output>
        CreateCodesRequest: MessageTypeDefinition<_tallycast_admin_v1_CreateCodesRequest, _tallycast_admin_v1_CreateCodesRequest__Output>
        CreateCodesResponse: MessageTypeDefinition<_tallycast_admin_v1_CreateCodesResponse, _tallycast_admin_v1_CreateCodesResponse__Output>
        CreatePollRequest: MessageTypeDefinition<_tallycast_admin_v1_CreatePollRequest, _tallycast_admin_v1_CreatePollRequest__Output>
        CreatePollResponse: MessageTypeDefinition<_tallycast_admin_v1_CreatePollResponse, _tallycast_admin_v1_CreatePollResponse__Output>
        DeletePollRequest: MessageTypeDefinition<_tallycast_admin_v1_DeletePollRequest, _tallycast_admin_v1_DeletePollRequest__Output>
        Difference: MessageTypeDefinition<_tallycast_admin_v1_Difference, _tallycast_admin_v1_Difference__Output>
        GetPollRequest: MessageTypeDefinition<_tallycast_admin_v1_GetPollRequest, _tallycast_admin_v1_GetPollRequest__Output>
        ListApiKeysRequest: MessageTypeDefinition<_tallycast_admin_v1_ListApiKeysRequest, _tallycast_admin_v1_ListApiKeysRequest__Output>
        ListApiKeysResponse: MessageTypeDefinition<_tallycast_admin_v1_ListApiKeysResponse, _tallycast_admin_v1_ListApiKeysResponse__Output>
        ListAuditEventsRequest: MessageTypeDefinition<_tallycast_admin_v1_ListAuditEventsRequest, _tallycast_admin_v1_ListAuditEventsRequest__Output>
        ListAuditEventsResponse: MessageTypeDefinition<_tallycast_admin_v1_ListAuditEventsResponse, _tallycast_admin_v1_ListAuditEventsResponse__Output>
        ListPollsRequest: MessageTypeDefinition<_tallycast_admin_v1_ListPollsRequest, _tallycast_admin_v1_ListPollsRequest__Output>
        ListPollsResponse: MessageTypeDefinition<_tallycast_admin_v1_ListPollsResponse, _tallycast_admin_v1_ListPollsResponse__Output>
        ListSetAsideRequest: MessageTypeDefinition<_tallycast_admin_v1_ListSetAsideRequest, _tallycast_admin_v1_ListSetAsideRequest__Output>
        ListSetAsideResponse: MessageTypeDefinition<_tallycast_admin_v1_ListSetAsideResponse, _tallycast_admin_v1_ListSetAsideResponse__Output>
        OpenPollRequest: MessageTypeDefinition<_tallycast_admin_v1_OpenPollRequest, _tallycast_admin_v1_OpenPollRequest__Output>
        OptionInput: MessageTypeDefinition<_tallycast_admin_v1_OptionInput, _tallycast_admin_v1_OptionInput__Output>
        OptionList: MessageTypeDefinition<_tallycast_admin_v1_OptionList, _tallycast_admin_v1_OptionList__Output>
        Partition: MessageTypeDefinition<_tallycast_admin_v1_Partition, _tallycast_admin_v1_Partition__Output>
        PipelineStatusRequest: MessageTypeDefinition<_tallycast_admin_v1_PipelineStatusRequest, _tallycast_admin_v1_PipelineStatusRequest__Output>
        PipelineStatusResponse: MessageTypeDefinition<_tallycast_admin_v1_PipelineStatusResponse, _tallycast_admin_v1_PipelineStatusResponse__Output>
        Poll: MessageTypeDefinition<_tallycast_admin_v1_Poll, _tallycast_admin_v1_Poll__Output>
        PollOption: MessageTypeDefinition<_tallycast_admin_v1_PollOption, _tallycast_admin_v1_PollOption__Output>
        PollProgressRequest: MessageTypeDefinition<_tallycast_admin_v1_PollProgressRequest, _tallycast_admin_v1_PollProgressRequest__Output>
        PollProgressResponse: MessageTypeDefinition<_tallycast_admin_v1_PollProgressResponse, _tallycast_admin_v1_PollProgressResponse__Output>
        PollStatus: EnumTypeDefinition
        PollType: EnumTypeDefinition
        RecountPollRequest: MessageTypeDefinition<_tallycast_admin_v1_RecountPollRequest, _tallycast_admin_v1_RecountPollRequest__Output>
        RecountPollResponse: MessageTypeDefinition<_tallycast_admin_v1_RecountPollResponse, _tallycast_admin_v1_RecountPollResponse__Output>
        ReplayOutcome: EnumTypeDefinition
        ReplaySetAsideRequest: MessageTypeDefinition<_tallycast_admin_v1_ReplaySetAsideRequest, _tallycast_admin_v1_ReplaySetAsideRequest__Output>
        ReplaySetAsideResponse: MessageTypeDefinition<_tallycast_admin_v1_ReplaySetAsideResponse, _tallycast_admin_v1_ReplaySetAsideResponse__Output>
        Replayed: MessageTypeDefinition<_tallycast_admin_v1_Replayed, _tallycast_admin_v1_Replayed__Output>
        ResetPollRequest: MessageTypeDefinition<_tallycast_admin_v1_ResetPollRequest, _tallycast_admin_v1_ResetPollRequest__Output>
        ResultsVisibility: EnumTypeDefinition
        RevokeApiKeyRequest: MessageTypeDefinition<_tallycast_admin_v1_RevokeApiKeyRequest, _tallycast_admin_v1_RevokeApiKeyRequest__Output>
        SetAside: MessageTypeDefinition<_tallycast_admin_v1_SetAside, _tallycast_admin_v1_SetAside__Output>
        SetAsideReason: EnumTypeDefinition
        UpdatePollRequest: MessageTypeDefinition<_tallycast_admin_v1_UpdatePollRequest, _tallycast_admin_v1_UpdatePollRequest__Output>
        VoteKind: EnumTypeDefinition
        VoterIdentity: EnumTypeDefinition
        VoterVisibility: EnumTypeDefinition
        WatchPollRequest: MessageTypeDefinition<_tallycast_admin_v1_WatchPollRequest, _tallycast_admin_v1_WatchPollRequest__Output>
      }
    }
  }
}

