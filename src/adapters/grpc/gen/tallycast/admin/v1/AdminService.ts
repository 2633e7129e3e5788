// Original file: contract/admin.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ApiKey as _tallycast_admin_v1_ApiKey, ApiKey__Output as _tallycast_admin_v1_ApiKey__Output } from '../../../tallycast/admin/v1/ApiKey.ts';
import type { ClosePollRequest as _tallycast_admin_v1_ClosePollRequest, ClosePollRequest__Output as _tallycast_admin_v1_ClosePollRequest__Output } from '../../../tallycast/admin/v1/ClosePollRequest.ts';
import type { CreateApiKeyRequest as _tallycast_admin_v1_CreateApiKeyRequest, CreateApiKeyRequest__Output as _tallycast_admin_v1_CreateApiKeyRequest__Output } from '../../../tallycast/admin/v1/CreateApiKeyRequest.ts';
import type { CreateApiKeyResponse as _tallycast_admin_v1_CreateApiKeyResponse, CreateApiKeyResponse__Output as _tallycast_admin_v1_CreateApiKeyResponse__Output } from '../../../tallycast/admin/v1/CreateApiKeyResponse.ts';
import type { CreateCodesRequest as _tallycast_admin_v1_CreateCodesRequest, CreateCodesRequest__Output as _tallycast_admin_v1_CreateCodesRequest__Output } from '../../../tallycast/admin/v1/CreateCodesRequest.ts';
import type { CreateCodesResponse as _tallycast_admin_v1_CreateCodesResponse, CreateCodesResponse__Output as _tallycast_admin_v1_CreateCodesResponse__Output } from '../../../tallycast/admin/v1/CreateCodesResponse.ts';
import type { CreatePollRequest as _tallycast_admin_v1_CreatePollRequest, CreatePollRequest__Output as _tallycast_admin_v1_CreatePollRequest__Output } from '../../../tallycast/admin/v1/CreatePollRequest.ts';
import type { CreatePollResponse as _tallycast_admin_v1_CreatePollResponse, CreatePollResponse__Output as _tallycast_admin_v1_CreatePollResponse__Output } from '../../../tallycast/admin/v1/CreatePollResponse.ts';
import type { DeletePollRequest as _tallycast_admin_v1_DeletePollRequest, DeletePollRequest__Output as _tallycast_admin_v1_DeletePollRequest__Output } from '../../../tallycast/admin/v1/DeletePollRequest.ts';
import type { GetPollRequest as _tallycast_admin_v1_GetPollRequest, GetPollRequest__Output as _tallycast_admin_v1_GetPollRequest__Output } from '../../../tallycast/admin/v1/GetPollRequest.ts';
import type { ListApiKeysRequest as _tallycast_admin_v1_ListApiKeysRequest, ListApiKeysRequest__Output as _tallycast_admin_v1_ListApiKeysRequest__Output } from '../../../tallycast/admin/v1/ListApiKeysRequest.ts';
import type { ListApiKeysResponse as _tallycast_admin_v1_ListApiKeysResponse, ListApiKeysResponse__Output as _tallycast_admin_v1_ListApiKeysResponse__Output } from '../../../tallycast/admin/v1/ListApiKeysResponse.ts';
import type { ListAuditEventsRequest as _tallycast_admin_v1_ListAuditEventsRequest, ListAuditEventsRequest__Output as _tallycast_admin_v1_ListAuditEventsRequest__Output } from '../../../tallycast/admin/v1/ListAuditEventsRequest.ts';
import type { ListAuditEventsResponse as _tallycast_admin_v1_ListAuditEventsResponse, ListAuditEventsResponse__Output as _tallycast_admin_v1_ListAuditEventsResponse__Output } from '../../../tallycast/admin/v1/ListAuditEventsResponse.ts';
import type { ListPollsRequest as _tallycast_admin_v1_ListPollsRequest, ListPollsRequest__Output as _tallycast_admin_v1_ListPollsRequest__Output } from '../../../tallycast/admin/v1/ListPollsRequest.ts';
import type { ListPollsResponse as _tallycast_admin_v1_ListPollsResponse, ListPollsResponse__Output as _tallycast_admin_v1_ListPollsResponse__Output } from '../../../tallycast/admin/v1/ListPollsResponse.ts';
import type { ListSetAsideRequest as _tallycast_admin_v1_ListSetAsideRequest, ListSetAsideRequest__Output as _tallycast_admin_v1_ListSetAsideRequest__Output } from '../../../tallycast/admin/v1/ListSetAsideRequest.ts';
import type { ListSetAsideResponse as _tallycast_admin_v1_ListSetAsideResponse, ListSetAsideResponse__Output as _tallycast_admin_v1_ListSetAsideResponse__Output } from '../../../tallycast/admin/v1/ListSetAsideResponse.ts';
import type { OpenPollRequest as _tallycast_admin_v1_OpenPollRequest, OpenPollRequest__Output as _tallycast_admin_v1_OpenPollRequest__Output } from '../../../tallycast/admin/v1/OpenPollRequest.ts';
import type { PipelineStatusRequest as _tallycast_admin_v1_PipelineStatusRequest, PipelineStatusRequest__Output as _tallycast_admin_v1_PipelineStatusRequest__Output } from '../../../tallycast/admin/v1/PipelineStatusRequest.ts';
import type { PipelineStatusResponse as _tallycast_admin_v1_PipelineStatusResponse, PipelineStatusResponse__Output as _tallycast_admin_v1_PipelineStatusResponse__Output } from '../../../tallycast/admin/v1/PipelineStatusResponse.ts';
import type { Poll as _tallycast_admin_v1_Poll, Poll__Output as _tallycast_admin_v1_Poll__Output } from '../../../tallycast/admin/v1/Poll.ts';
import type { PollProgressRequest as _tallycast_admin_v1_PollProgressRequest, PollProgressRequest__Output as _tallycast_admin_v1_PollProgressRequest__Output } from '../../../tallycast/admin/v1/PollProgressRequest.ts';
import type { PollProgressResponse as _tallycast_admin_v1_PollProgressResponse, PollProgressResponse__Output as _tallycast_admin_v1_PollProgressResponse__Output } from '../../../tallycast/admin/v1/PollProgressResponse.ts';
import type { RecountPollRequest as _tallycast_admin_v1_RecountPollRequest, RecountPollRequest__Output as _tallycast_admin_v1_RecountPollRequest__Output } from '../../../tallycast/admin/v1/RecountPollRequest.ts';
import type { RecountPollResponse as _tallycast_admin_v1_RecountPollResponse, RecountPollResponse__Output as _tallycast_admin_v1_RecountPollResponse__Output } from '../../../tallycast/admin/v1/RecountPollResponse.ts';
import type { ReplaySetAsideRequest as _tallycast_admin_v1_ReplaySetAsideRequest, ReplaySetAsideRequest__Output as _tallycast_admin_v1_ReplaySetAsideRequest__Output } from '../../../tallycast/admin/v1/ReplaySetAsideRequest.ts';
import type { ReplaySetAsideResponse as _tallycast_admin_v1_ReplaySetAsideResponse, ReplaySetAsideResponse__Output as _tallycast_admin_v1_ReplaySetAsideResponse__Output } from '../../../tallycast/admin/v1/ReplaySetAsideResponse.ts';
import type { ResetPollRequest as _tallycast_admin_v1_ResetPollRequest, ResetPollRequest__Output as _tallycast_admin_v1_ResetPollRequest__Output } from '../../../tallycast/admin/v1/ResetPollRequest.ts';
import type { RevokeApiKeyRequest as _tallycast_admin_v1_RevokeApiKeyRequest, RevokeApiKeyRequest__Output as _tallycast_admin_v1_RevokeApiKeyRequest__Output } from '../../../tallycast/admin/v1/RevokeApiKeyRequest.ts';
import type { UpdatePollRequest as _tallycast_admin_v1_UpdatePollRequest, UpdatePollRequest__Output as _tallycast_admin_v1_UpdatePollRequest__Output } from '../../../tallycast/admin/v1/UpdatePollRequest.ts';
import type { WatchPollRequest as _tallycast_admin_v1_WatchPollRequest, WatchPollRequest__Output as _tallycast_admin_v1_WatchPollRequest__Output } from '../../../tallycast/admin/v1/WatchPollRequest.ts';

export interface AdminServiceClient extends grpc.Client {
  ClosePoll(argument: _tallycast_admin_v1_ClosePollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  ClosePoll(argument: _tallycast_admin_v1_ClosePollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  ClosePoll(argument: _tallycast_admin_v1_ClosePollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  ClosePoll(argument: _tallycast_admin_v1_ClosePollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  closePoll(argument: _tallycast_admin_v1_ClosePollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  closePoll(argument: _tallycast_admin_v1_ClosePollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  closePoll(argument: _tallycast_admin_v1_ClosePollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  closePoll(argument: _tallycast_admin_v1_ClosePollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  
  CreateApiKey(argument: _tallycast_admin_v1_CreateApiKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreateApiKeyResponse__Output>): grpc.ClientUnaryCall;
  CreateApiKey(argument: _tallycast_admin_v1_CreateApiKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_CreateApiKeyResponse__Output>): grpc.ClientUnaryCall;
  CreateApiKey(argument: _tallycast_admin_v1_CreateApiKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreateApiKeyResponse__Output>): grpc.ClientUnaryCall;
  CreateApiKey(argument: _tallycast_admin_v1_CreateApiKeyRequest, callback: grpc.requestCallback<_tallycast_admin_v1_CreateApiKeyResponse__Output>): grpc.ClientUnaryCall;
  createApiKey(argument: _tallycast_admin_v1_CreateApiKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreateApiKeyResponse__Output>): grpc.ClientUnaryCall;
  createApiKey(argument: _tallycast_admin_v1_CreateApiKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_CreateApiKeyResponse__Output>): grpc.ClientUnaryCall;
  createApiKey(argument: _tallycast_admin_v1_CreateApiKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreateApiKeyResponse__Output>): grpc.ClientUnaryCall;
  createApiKey(argument: _tallycast_admin_v1_CreateApiKeyRequest, callback: grpc.requestCallback<_tallycast_admin_v1_CreateApiKeyResponse__Output>): grpc.ClientUnaryCall;
  
  CreateCodes(argument: _tallycast_admin_v1_CreateCodesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreateCodesResponse__Output>): grpc.ClientUnaryCall;
  CreateCodes(argument: _tallycast_admin_v1_CreateCodesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_CreateCodesResponse__Output>): grpc.ClientUnaryCall;
  CreateCodes(argument: _tallycast_admin_v1_CreateCodesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreateCodesResponse__Output>): grpc.ClientUnaryCall;
  CreateCodes(argument: _tallycast_admin_v1_CreateCodesRequest, callback: grpc.requestCallback<_tallycast_admin_v1_CreateCodesResponse__Output>): grpc.ClientUnaryCall;
  createCodes(argument: _tallycast_admin_v1_CreateCodesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreateCodesResponse__Output>): grpc.ClientUnaryCall;
  createCodes(argument: _tallycast_admin_v1_CreateCodesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_CreateCodesResponse__Output>): grpc.ClientUnaryCall;
  createCodes(argument: _tallycast_admin_v1_CreateCodesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreateCodesResponse__Output>): grpc.ClientUnaryCall;
  createCodes(argument: _tallycast_admin_v1_CreateCodesRequest, callback: grpc.requestCallback<_tallycast_admin_v1_CreateCodesResponse__Output>): grpc.ClientUnaryCall;
  
  CreatePoll(argument: _tallycast_admin_v1_CreatePollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreatePollResponse__Output>): grpc.ClientUnaryCall;
  CreatePoll(argument: _tallycast_admin_v1_CreatePollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_CreatePollResponse__Output>): grpc.ClientUnaryCall;
  CreatePoll(argument: _tallycast_admin_v1_CreatePollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreatePollResponse__Output>): grpc.ClientUnaryCall;
  CreatePoll(argument: _tallycast_admin_v1_CreatePollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_CreatePollResponse__Output>): grpc.ClientUnaryCall;
  createPoll(argument: _tallycast_admin_v1_CreatePollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreatePollResponse__Output>): grpc.ClientUnaryCall;
  createPoll(argument: _tallycast_admin_v1_CreatePollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_CreatePollResponse__Output>): grpc.ClientUnaryCall;
  createPoll(argument: _tallycast_admin_v1_CreatePollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_CreatePollResponse__Output>): grpc.ClientUnaryCall;
  createPoll(argument: _tallycast_admin_v1_CreatePollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_CreatePollResponse__Output>): grpc.ClientUnaryCall;
  
  DeletePoll(argument: _tallycast_admin_v1_DeletePollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  DeletePoll(argument: _tallycast_admin_v1_DeletePollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  DeletePoll(argument: _tallycast_admin_v1_DeletePollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  DeletePoll(argument: _tallycast_admin_v1_DeletePollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  deletePoll(argument: _tallycast_admin_v1_DeletePollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  deletePoll(argument: _tallycast_admin_v1_DeletePollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  deletePoll(argument: _tallycast_admin_v1_DeletePollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  deletePoll(argument: _tallycast_admin_v1_DeletePollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  
  GetPoll(argument: _tallycast_admin_v1_GetPollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  GetPoll(argument: _tallycast_admin_v1_GetPollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  GetPoll(argument: _tallycast_admin_v1_GetPollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  GetPoll(argument: _tallycast_admin_v1_GetPollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  getPoll(argument: _tallycast_admin_v1_GetPollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  getPoll(argument: _tallycast_admin_v1_GetPollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  getPoll(argument: _tallycast_admin_v1_GetPollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  getPoll(argument: _tallycast_admin_v1_GetPollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  
  ListApiKeys(argument: _tallycast_admin_v1_ListApiKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListApiKeysResponse__Output>): grpc.ClientUnaryCall;
  ListApiKeys(argument: _tallycast_admin_v1_ListApiKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ListApiKeysResponse__Output>): grpc.ClientUnaryCall;
  ListApiKeys(argument: _tallycast_admin_v1_ListApiKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListApiKeysResponse__Output>): grpc.ClientUnaryCall;
  ListApiKeys(argument: _tallycast_admin_v1_ListApiKeysRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ListApiKeysResponse__Output>): grpc.ClientUnaryCall;
  listApiKeys(argument: _tallycast_admin_v1_ListApiKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListApiKeysResponse__Output>): grpc.ClientUnaryCall;
  listApiKeys(argument: _tallycast_admin_v1_ListApiKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ListApiKeysResponse__Output>): grpc.ClientUnaryCall;
  listApiKeys(argument: _tallycast_admin_v1_ListApiKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListApiKeysResponse__Output>): grpc.ClientUnaryCall;
  listApiKeys(argument: _tallycast_admin_v1_ListApiKeysRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ListApiKeysResponse__Output>): grpc.ClientUnaryCall;
  
  ListAuditEvents(argument: _tallycast_admin_v1_ListAuditEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListAuditEventsResponse__Output>): grpc.ClientUnaryCall;
  ListAuditEvents(argument: _tallycast_admin_v1_ListAuditEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ListAuditEventsResponse__Output>): grpc.ClientUnaryCall;
  ListAuditEvents(argument: _tallycast_admin_v1_ListAuditEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListAuditEventsResponse__Output>): grpc.ClientUnaryCall;
  ListAuditEvents(argument: _tallycast_admin_v1_ListAuditEventsRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ListAuditEventsResponse__Output>): grpc.ClientUnaryCall;
  listAuditEvents(argument: _tallycast_admin_v1_ListAuditEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListAuditEventsResponse__Output>): grpc.ClientUnaryCall;
  listAuditEvents(argument: _tallycast_admin_v1_ListAuditEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ListAuditEventsResponse__Output>): grpc.ClientUnaryCall;
  listAuditEvents(argument: _tallycast_admin_v1_ListAuditEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListAuditEventsResponse__Output>): grpc.ClientUnaryCall;
  listAuditEvents(argument: _tallycast_admin_v1_ListAuditEventsRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ListAuditEventsResponse__Output>): grpc.ClientUnaryCall;
  
  ListPolls(argument: _tallycast_admin_v1_ListPollsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListPollsResponse__Output>): grpc.ClientUnaryCall;
  ListPolls(argument: _tallycast_admin_v1_ListPollsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ListPollsResponse__Output>): grpc.ClientUnaryCall;
  ListPolls(argument: _tallycast_admin_v1_ListPollsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListPollsResponse__Output>): grpc.ClientUnaryCall;
  ListPolls(argument: _tallycast_admin_v1_ListPollsRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ListPollsResponse__Output>): grpc.ClientUnaryCall;
  listPolls(argument: _tallycast_admin_v1_ListPollsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListPollsResponse__Output>): grpc.ClientUnaryCall;
  listPolls(argument: _tallycast_admin_v1_ListPollsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ListPollsResponse__Output>): grpc.ClientUnaryCall;
  listPolls(argument: _tallycast_admin_v1_ListPollsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListPollsResponse__Output>): grpc.ClientUnaryCall;
  listPolls(argument: _tallycast_admin_v1_ListPollsRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ListPollsResponse__Output>): grpc.ClientUnaryCall;
  
  ListSetAside(argument: _tallycast_admin_v1_ListSetAsideRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListSetAsideResponse__Output>): grpc.ClientUnaryCall;
  ListSetAside(argument: _tallycast_admin_v1_ListSetAsideRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ListSetAsideResponse__Output>): grpc.ClientUnaryCall;
  ListSetAside(argument: _tallycast_admin_v1_ListSetAsideRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListSetAsideResponse__Output>): grpc.ClientUnaryCall;
  ListSetAside(argument: _tallycast_admin_v1_ListSetAsideRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ListSetAsideResponse__Output>): grpc.ClientUnaryCall;
  listSetAside(argument: _tallycast_admin_v1_ListSetAsideRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListSetAsideResponse__Output>): grpc.ClientUnaryCall;
  listSetAside(argument: _tallycast_admin_v1_ListSetAsideRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ListSetAsideResponse__Output>): grpc.ClientUnaryCall;
  listSetAside(argument: _tallycast_admin_v1_ListSetAsideRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ListSetAsideResponse__Output>): grpc.ClientUnaryCall;
  listSetAside(argument: _tallycast_admin_v1_ListSetAsideRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ListSetAsideResponse__Output>): grpc.ClientUnaryCall;
  
  OpenPoll(argument: _tallycast_admin_v1_OpenPollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  OpenPoll(argument: _tallycast_admin_v1_OpenPollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  OpenPoll(argument: _tallycast_admin_v1_OpenPollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  OpenPoll(argument: _tallycast_admin_v1_OpenPollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  openPoll(argument: _tallycast_admin_v1_OpenPollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  openPoll(argument: _tallycast_admin_v1_OpenPollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  openPoll(argument: _tallycast_admin_v1_OpenPollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  openPoll(argument: _tallycast_admin_v1_OpenPollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  
  PipelineStatus(argument: _tallycast_admin_v1_PipelineStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_PipelineStatusResponse__Output>): grpc.ClientUnaryCall;
  PipelineStatus(argument: _tallycast_admin_v1_PipelineStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_PipelineStatusResponse__Output>): grpc.ClientUnaryCall;
  PipelineStatus(argument: _tallycast_admin_v1_PipelineStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_PipelineStatusResponse__Output>): grpc.ClientUnaryCall;
  PipelineStatus(argument: _tallycast_admin_v1_PipelineStatusRequest, callback: grpc.requestCallback<_tallycast_admin_v1_PipelineStatusResponse__Output>): grpc.ClientUnaryCall;
  pipelineStatus(argument: _tallycast_admin_v1_PipelineStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_PipelineStatusResponse__Output>): grpc.ClientUnaryCall;
  pipelineStatus(argument: _tallycast_admin_v1_PipelineStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_PipelineStatusResponse__Output>): grpc.ClientUnaryCall;
  pipelineStatus(argument: _tallycast_admin_v1_PipelineStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_PipelineStatusResponse__Output>): grpc.ClientUnaryCall;
  pipelineStatus(argument: _tallycast_admin_v1_PipelineStatusRequest, callback: grpc.requestCallback<_tallycast_admin_v1_PipelineStatusResponse__Output>): grpc.ClientUnaryCall;
  
  PollProgress(argument: _tallycast_admin_v1_PollProgressRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_PollProgressResponse__Output>): grpc.ClientUnaryCall;
  PollProgress(argument: _tallycast_admin_v1_PollProgressRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_PollProgressResponse__Output>): grpc.ClientUnaryCall;
  PollProgress(argument: _tallycast_admin_v1_PollProgressRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_PollProgressResponse__Output>): grpc.ClientUnaryCall;
  PollProgress(argument: _tallycast_admin_v1_PollProgressRequest, callback: grpc.requestCallback<_tallycast_admin_v1_PollProgressResponse__Output>): grpc.ClientUnaryCall;
  pollProgress(argument: _tallycast_admin_v1_PollProgressRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_PollProgressResponse__Output>): grpc.ClientUnaryCall;
  pollProgress(argument: _tallycast_admin_v1_PollProgressRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_PollProgressResponse__Output>): grpc.ClientUnaryCall;
  pollProgress(argument: _tallycast_admin_v1_PollProgressRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_PollProgressResponse__Output>): grpc.ClientUnaryCall;
  pollProgress(argument: _tallycast_admin_v1_PollProgressRequest, callback: grpc.requestCallback<_tallycast_admin_v1_PollProgressResponse__Output>): grpc.ClientUnaryCall;
  
  RecountPoll(argument: _tallycast_admin_v1_RecountPollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_RecountPollResponse__Output>): grpc.ClientUnaryCall;
  RecountPoll(argument: _tallycast_admin_v1_RecountPollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_RecountPollResponse__Output>): grpc.ClientUnaryCall;
  RecountPoll(argument: _tallycast_admin_v1_RecountPollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_RecountPollResponse__Output>): grpc.ClientUnaryCall;
  RecountPoll(argument: _tallycast_admin_v1_RecountPollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_RecountPollResponse__Output>): grpc.ClientUnaryCall;
  recountPoll(argument: _tallycast_admin_v1_RecountPollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_RecountPollResponse__Output>): grpc.ClientUnaryCall;
  recountPoll(argument: _tallycast_admin_v1_RecountPollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_RecountPollResponse__Output>): grpc.ClientUnaryCall;
  recountPoll(argument: _tallycast_admin_v1_RecountPollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_RecountPollResponse__Output>): grpc.ClientUnaryCall;
  recountPoll(argument: _tallycast_admin_v1_RecountPollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_RecountPollResponse__Output>): grpc.ClientUnaryCall;
  
  ReplaySetAside(argument: _tallycast_admin_v1_ReplaySetAsideRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ReplaySetAsideResponse__Output>): grpc.ClientUnaryCall;
  ReplaySetAside(argument: _tallycast_admin_v1_ReplaySetAsideRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ReplaySetAsideResponse__Output>): grpc.ClientUnaryCall;
  ReplaySetAside(argument: _tallycast_admin_v1_ReplaySetAsideRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ReplaySetAsideResponse__Output>): grpc.ClientUnaryCall;
  ReplaySetAside(argument: _tallycast_admin_v1_ReplaySetAsideRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ReplaySetAsideResponse__Output>): grpc.ClientUnaryCall;
  replaySetAside(argument: _tallycast_admin_v1_ReplaySetAsideRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ReplaySetAsideResponse__Output>): grpc.ClientUnaryCall;
  replaySetAside(argument: _tallycast_admin_v1_ReplaySetAsideRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ReplaySetAsideResponse__Output>): grpc.ClientUnaryCall;
  replaySetAside(argument: _tallycast_admin_v1_ReplaySetAsideRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ReplaySetAsideResponse__Output>): grpc.ClientUnaryCall;
  replaySetAside(argument: _tallycast_admin_v1_ReplaySetAsideRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ReplaySetAsideResponse__Output>): grpc.ClientUnaryCall;
  
  ResetPoll(argument: _tallycast_admin_v1_ResetPollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  ResetPoll(argument: _tallycast_admin_v1_ResetPollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  ResetPoll(argument: _tallycast_admin_v1_ResetPollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  ResetPoll(argument: _tallycast_admin_v1_ResetPollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  resetPoll(argument: _tallycast_admin_v1_ResetPollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  resetPoll(argument: _tallycast_admin_v1_ResetPollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  resetPoll(argument: _tallycast_admin_v1_ResetPollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  resetPoll(argument: _tallycast_admin_v1_ResetPollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  
  RevokeApiKey(argument: _tallycast_admin_v1_RevokeApiKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ApiKey__Output>): grpc.ClientUnaryCall;
  RevokeApiKey(argument: _tallycast_admin_v1_RevokeApiKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ApiKey__Output>): grpc.ClientUnaryCall;
  RevokeApiKey(argument: _tallycast_admin_v1_RevokeApiKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ApiKey__Output>): grpc.ClientUnaryCall;
  RevokeApiKey(argument: _tallycast_admin_v1_RevokeApiKeyRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ApiKey__Output>): grpc.ClientUnaryCall;
  revokeApiKey(argument: _tallycast_admin_v1_RevokeApiKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ApiKey__Output>): grpc.ClientUnaryCall;
  revokeApiKey(argument: _tallycast_admin_v1_RevokeApiKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_ApiKey__Output>): grpc.ClientUnaryCall;
  revokeApiKey(argument: _tallycast_admin_v1_RevokeApiKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_ApiKey__Output>): grpc.ClientUnaryCall;
  revokeApiKey(argument: _tallycast_admin_v1_RevokeApiKeyRequest, callback: grpc.requestCallback<_tallycast_admin_v1_ApiKey__Output>): grpc.ClientUnaryCall;
  
  UpdatePoll(argument: _tallycast_admin_v1_UpdatePollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  UpdatePoll(argument: _tallycast_admin_v1_UpdatePollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  UpdatePoll(argument: _tallycast_admin_v1_UpdatePollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  UpdatePoll(argument: _tallycast_admin_v1_UpdatePollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  updatePoll(argument: _tallycast_admin_v1_UpdatePollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  updatePoll(argument: _tallycast_admin_v1_UpdatePollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  updatePoll(argument: _tallycast_admin_v1_UpdatePollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  updatePoll(argument: _tallycast_admin_v1_UpdatePollRequest, callback: grpc.requestCallback<_tallycast_admin_v1_Poll__Output>): grpc.ClientUnaryCall;
  
  WatchPoll(argument: _tallycast_admin_v1_WatchPollRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tallycast_admin_v1_Poll__Output>;
  WatchPoll(argument: _tallycast_admin_v1_WatchPollRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tallycast_admin_v1_Poll__Output>;
  watchPoll(argument: _tallycast_admin_v1_WatchPollRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tallycast_admin_v1_Poll__Output>;
  watchPoll(argument: _tallycast_admin_v1_WatchPollRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tallycast_admin_v1_Poll__Output>;
  
}

export interface AdminServiceHandlers extends grpc.UntypedServiceImplementation {
  ClosePoll: grpc.handleUnaryCall<_tallycast_admin_v1_ClosePollRequest__Output, _tallycast_admin_v1_Poll>;
  
  CreateApiKey: grpc.handleUnaryCall<_tallycast_admin_v1_CreateApiKeyRequest__Output, _tallycast_admin_v1_CreateApiKeyResponse>;
  
  CreateCodes: grpc.handleUnaryCall<_tallycast_admin_v1_CreateCodesRequest__Output, _tallycast_admin_v1_CreateCodesResponse>;
  
  CreatePoll: grpc.handleUnaryCall<_tallycast_admin_v1_CreatePollRequest__Output, _tallycast_admin_v1_CreatePollResponse>;
  
  DeletePoll: grpc.handleUnaryCall<_tallycast_admin_v1_DeletePollRequest__Output, _tallycast_admin_v1_Poll>;
  
  GetPoll: grpc.handleUnaryCall<_tallycast_admin_v1_GetPollRequest__Output, _tallycast_admin_v1_Poll>;
  
  ListApiKeys: grpc.handleUnaryCall<_tallycast_admin_v1_ListApiKeysRequest__Output, _tallycast_admin_v1_ListApiKeysResponse>;
  
  ListAuditEvents: grpc.handleUnaryCall<_tallycast_admin_v1_ListAuditEventsRequest__Output, _tallycast_admin_v1_ListAuditEventsResponse>;
  
  ListPolls: grpc.handleUnaryCall<_tallycast_admin_v1_ListPollsRequest__Output, _tallycast_admin_v1_ListPollsResponse>;
  
  ListSetAside: grpc.handleUnaryCall<_tallycast_admin_v1_ListSetAsideRequest__Output, _tallycast_admin_v1_ListSetAsideResponse>;
  
  OpenPoll: grpc.handleUnaryCall<_tallycast_admin_v1_OpenPollRequest__Output, _tallycast_admin_v1_Poll>;
  
  PipelineStatus: grpc.handleUnaryCall<_tallycast_admin_v1_PipelineStatusRequest__Output, _tallycast_admin_v1_PipelineStatusResponse>;
  
  PollProgress: grpc.handleUnaryCall<_tallycast_admin_v1_PollProgressRequest__Output, _tallycast_admin_v1_PollProgressResponse>;
  
  RecountPoll: grpc.handleUnaryCall<_tallycast_admin_v1_RecountPollRequest__Output, _tallycast_admin_v1_RecountPollResponse>;
  
  ReplaySetAside: grpc.handleUnaryCall<_tallycast_admin_v1_ReplaySetAsideRequest__Output, _tallycast_admin_v1_ReplaySetAsideResponse>;
  
  ResetPoll: grpc.handleUnaryCall<_tallycast_admin_v1_ResetPollRequest__Output, _tallycast_admin_v1_Poll>;
  
  RevokeApiKey: grpc.handleUnaryCall<_tallycast_admin_v1_RevokeApiKeyRequest__Output, _tallycast_admin_v1_ApiKey>;
  
  UpdatePoll: grpc.handleUnaryCall<_tallycast_admin_v1_UpdatePollRequest__Output, _tallycast_admin_v1_Poll>;
  
  WatchPoll: grpc.handleServerStreamingCall<_tallycast_admin_v1_WatchPollRequest__Output, _tallycast_admin_v1_Poll>;
  
}

export interface AdminServiceDefinition extends grpc.ServiceDefinition {
  ClosePoll: MethodDefinition<_tallycast_admin_v1_ClosePollRequest, _tallycast_admin_v1_Poll, _tallycast_admin_v1_ClosePollRequest__Output, _tallycast_admin_v1_Poll__Output>
  CreateApiKey: MethodDefinition<_tallycast_admin_v1_CreateApiKeyRequest, _tallycast_admin_v1_CreateApiKeyResponse, _tallycast_admin_v1_CreateApiKeyRequest__Output, _tallycast_admin_v1_CreateApiKeyResponse__Output>
  CreateCodes: MethodDefinition<_tallycast_admin_v1_CreateCodesRequest, _tallycast_admin_v1_CreateCodesResponse, _tallycast_admin_v1_CreateCodesRequest__Output, _tallycast_admin_v1_CreateCodesResponse__Output>
  CreatePoll: MethodDefinition<_tallycast_admin_v1_CreatePollRequest, _tallycast_admin_v1_CreatePollResponse, _tallycast_admin_v1_CreatePollRequest__Output, _tallycast_admin_v1_CreatePollResponse__Output>
  DeletePoll: MethodDefinition<_tallycast_admin_v1_DeletePollRequest, _tallycast_admin_v1_Poll, _tallycast_admin_v1_DeletePollRequest__Output, _tallycast_admin_v1_Poll__Output>
  GetPoll: MethodDefinition<_tallycast_admin_v1_GetPollRequest, _tallycast_admin_v1_Poll, _tallycast_admin_v1_GetPollRequest__Output, _tallycast_admin_v1_Poll__Output>
  ListApiKeys: MethodDefinition<_tallycast_admin_v1_ListApiKeysRequest, _tallycast_admin_v1_ListApiKeysResponse, _tallycast_admin_v1_ListApiKeysRequest__Output, _tallycast_admin_v1_ListApiKeysResponse__Output>
  ListAuditEvents: MethodDefinition<_tallycast_admin_v1_ListAuditEventsRequest, _tallycast_admin_v1_ListAuditEventsResponse, _tallycast_admin_v1_ListAuditEventsRequest__Output, _tallycast_admin_v1_ListAuditEventsResponse__Output>
  ListPolls: MethodDefinition<_tallycast_admin_v1_ListPollsRequest, _tallycast_admin_v1_ListPollsResponse, _tallycast_admin_v1_ListPollsRequest__Output, _tallycast_admin_v1_ListPollsResponse__Output>
  ListSetAside: MethodDefinition<_tallycast_admin_v1_ListSetAsideRequest, _tallycast_admin_v1_ListSetAsideResponse, _tallycast_admin_v1_ListSetAsideRequest__Output, _tallycast_admin_v1_ListSetAsideResponse__Output>
  OpenPoll: MethodDefinition<_tallycast_admin_v1_OpenPollRequest, _tallycast_admin_v1_Poll, _tallycast_admin_v1_OpenPollRequest__Output, _tallycast_admin_v1_Poll__Output>
  PipelineStatus: MethodDefinition<_tallycast_admin_v1_PipelineStatusRequest, _tallycast_admin_v1_PipelineStatusResponse, _tallycast_admin_v1_PipelineStatusRequest__Output, _tallycast_admin_v1_PipelineStatusResponse__Output>
  PollProgress: MethodDefinition<_tallycast_admin_v1_PollProgressRequest, _tallycast_admin_v1_PollProgressResponse, _tallycast_admin_v1_PollProgressRequest__Output, _tallycast_admin_v1_PollProgressResponse__Output>
  RecountPoll: MethodDefinition<_tallycast_admin_v1_RecountPollRequest, _tallycast_admin_v1_RecountPollResponse, _tallycast_admin_v1_RecountPollRequest__Output, _tallycast_admin_v1_RecountPollResponse__Output>
  ReplaySetAside: MethodDefinition<_tallycast_admin_v1_ReplaySetAsideRequest, _tallycast_admin_v1_ReplaySetAsideResponse, _tallycast_admin_v1_ReplaySetAsideRequest__Output, _tallycast_admin_v1_ReplaySetAsideResponse__Output>
  ResetPoll: MethodDefinition<_tallycast_admin_v1_ResetPollRequest, _tallycast_admin_v1_Poll, _tallycast_admin_v1_ResetPollRequest__Output, _tallycast_admin_v1_Poll__Output>
  RevokeApiKey: MethodDefinition<_tallycast_admin_v1_RevokeApiKeyRequest, _tallycast_admin_v1_ApiKey, _tallycast_admin_v1_RevokeApiKeyRequest__Output, _tallycast_admin_v1_ApiKey__Output>
  UpdatePoll: MethodDefinition<_tallycast_admin_v1_UpdatePollRequest, _tallycast_admin_v1_Poll, _tallycast_admin_v1_UpdatePollRequest__Output, _tallycast_admin_v1_Poll__Output>
  WatchPoll: MethodDefinition<_tallycast_admin_v1_WatchPollRequest, _tallycast_admin_v1_Poll, _tallycast_admin_v1_WatchPollRequest__Output, _tallycast_admin_v1_Poll__Output>
}
