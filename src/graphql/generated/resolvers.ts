/* This file was automatically generated. DO NOT UPDATE MANUALLY. */
    import type   { Resolvers } from './types.ts';
    import    { apiKey as Query_apiKey } from './../resolvers/Query/apiKey.ts';
import    { apiKeys as Query_apiKeys } from './../resolvers/Query/apiKeys.ts';
import    { auditEvents as Query_auditEvents } from './../resolvers/Query/auditEvents.ts';
import    { credentialPolicy as Query_credentialPolicy } from './../resolvers/Query/credentialPolicy.ts';
import    { daemonTokens as Query_daemonTokens } from './../resolvers/Query/daemonTokens.ts';
import    { explain as Query_explain } from './../resolvers/Query/explain.ts';
import    { introspect as Query_introspect } from './../resolvers/Query/introspect.ts';
import    { node as Query_node } from './../resolvers/Query/node.ts';
import    { revocations as Query_revocations } from './../resolvers/Query/revocations.ts';
import    { session as Query_session } from './../resolvers/Query/session.ts';
import    { sessions as Query_sessions } from './../resolvers/Query/sessions.ts';
import    { signingKeys as Query_signingKeys } from './../resolvers/Query/signingKeys.ts';
import    { user as Query_user } from './../resolvers/Query/user.ts';
import    { users as Query_users } from './../resolvers/Query/users.ts';
import    { viewer as Query_viewer } from './../resolvers/Query/viewer.ts';
import    { workspace as Query_workspace } from './../resolvers/Query/workspace.ts';
import    { workspaces as Query_workspaces } from './../resolvers/Query/workspaces.ts';
import    { acceptInvitation as Mutation_acceptInvitation } from './../resolvers/Mutation/acceptInvitation.ts';
import    { addWorkspaceMember as Mutation_addWorkspaceMember } from './../resolvers/Mutation/addWorkspaceMember.ts';
import    { bootstrap as Mutation_bootstrap } from './../resolvers/Mutation/bootstrap.ts';
import    { changePassword as Mutation_changePassword } from './../resolvers/Mutation/changePassword.ts';
import    { createApiKey as Mutation_createApiKey } from './../resolvers/Mutation/createApiKey.ts';
import    { createDaemonToken as Mutation_createDaemonToken } from './../resolvers/Mutation/createDaemonToken.ts';
import    { createPasswordReset as Mutation_createPasswordReset } from './../resolvers/Mutation/createPasswordReset.ts';
import    { createSigningKey as Mutation_createSigningKey } from './../resolvers/Mutation/createSigningKey.ts';
import    { createWorkspace as Mutation_createWorkspace } from './../resolvers/Mutation/createWorkspace.ts';
import    { deleteUser as Mutation_deleteUser } from './../resolvers/Mutation/deleteUser.ts';
import    { deleteWorkspace as Mutation_deleteWorkspace } from './../resolvers/Mutation/deleteWorkspace.ts';
import    { disableUser as Mutation_disableUser } from './../resolvers/Mutation/disableUser.ts';
import    { enableUser as Mutation_enableUser } from './../resolvers/Mutation/enableUser.ts';
import    { endApiKeyOverlap as Mutation_endApiKeyOverlap } from './../resolvers/Mutation/endApiKeyOverlap.ts';
import    { inviteUser as Mutation_inviteUser } from './../resolvers/Mutation/inviteUser.ts';
import    { login as Mutation_login } from './../resolvers/Mutation/login.ts';
import    { logout as Mutation_logout } from './../resolvers/Mutation/logout.ts';
import    { refreshSession as Mutation_refreshSession } from './../resolvers/Mutation/refreshSession.ts';
import    { register as Mutation_register } from './../resolvers/Mutation/register.ts';
import    { removeWorkspaceMember as Mutation_removeWorkspaceMember } from './../resolvers/Mutation/removeWorkspaceMember.ts';
import    { renewDaemonToken as Mutation_renewDaemonToken } from './../resolvers/Mutation/renewDaemonToken.ts';
import    { resetPassword as Mutation_resetPassword } from './../resolvers/Mutation/resetPassword.ts';
import    { revokeAccessToken as Mutation_revokeAccessToken } from './../resolvers/Mutation/revokeAccessToken.ts';
import    { revokeAllSessions as Mutation_revokeAllSessions } from './../resolvers/Mutation/revokeAllSessions.ts';
import    { revokeApiKey as Mutation_revokeApiKey } from './../resolvers/Mutation/revokeApiKey.ts';
import    { revokeDaemon as Mutation_revokeDaemon } from './../resolvers/Mutation/revokeDaemon.ts';
import    { revokeDaemonToken as Mutation_revokeDaemonToken } from './../resolvers/Mutation/revokeDaemonToken.ts';
import    { revokeSession as Mutation_revokeSession } from './../resolvers/Mutation/revokeSession.ts';
import    { revokeSigningKey as Mutation_revokeSigningKey } from './../resolvers/Mutation/revokeSigningKey.ts';
import    { rotateApiKey as Mutation_rotateApiKey } from './../resolvers/Mutation/rotateApiKey.ts';
import    { rotateSigningKey as Mutation_rotateSigningKey } from './../resolvers/Mutation/rotateSigningKey.ts';
import    { setCredentialPolicy as Mutation_setCredentialPolicy } from './../resolvers/Mutation/setCredentialPolicy.ts';
import    { setWorkspaceMemberRole as Mutation_setWorkspaceMemberRole } from './../resolvers/Mutation/setWorkspaceMemberRole.ts';
import    { updateApiKey as Mutation_updateApiKey } from './../resolvers/Mutation/updateApiKey.ts';
import    { updateProfile as Mutation_updateProfile } from './../resolvers/Mutation/updateProfile.ts';
import    { updateUser as Mutation_updateUser } from './../resolvers/Mutation/updateUser.ts';
import    { updateWorkspace as Mutation_updateWorkspace } from './../resolvers/Mutation/updateWorkspace.ts';
import    { revocations as Subscription_revocations } from './../resolvers/Subscription/revocations.ts';
import    { ApiKey } from './../resolvers/ApiKey.ts';
import    { ApiKeyConnection } from './../resolvers/ApiKeyConnection.ts';
import    { AuditDetail } from './../resolvers/AuditDetail.ts';
import    { AuditEvent } from './../resolvers/AuditEvent.ts';
import    { CredentialPolicy } from './../resolvers/CredentialPolicy.ts';
import    { DaemonToken } from './../resolvers/DaemonToken.ts';
import    { Explanation } from './../resolvers/Explanation.ts';
import    { Introspection } from './../resolvers/Introspection.ts';
import    { MetadataEntry } from './../resolvers/MetadataEntry.ts';
import    { RateLimit } from './../resolvers/RateLimit.ts';
import    { Revocation } from './../resolvers/Revocation.ts';
import    { RevocationEvent } from './../resolvers/RevocationEvent.ts';
import    { Session } from './../resolvers/Session.ts';
import    { SessionTokens } from './../resolvers/SessionTokens.ts';
import    { SigningKey } from './../resolvers/SigningKey.ts';
import    { User } from './../resolvers/User.ts';
import    { Viewer } from './../resolvers/Viewer.ts';
import    { Workspace } from './../resolvers/Workspace.ts';
import    { WorkspaceMember } from './../resolvers/WorkspaceMember.ts';
import    { DateTime } from './../resolvers/DateTime.ts';
import    { Secret } from './../resolvers/Secret.ts';
import    { Credential } from './../resolvers/Credential.ts';
import    { Node } from './../resolvers/Node.ts';
    export const resolvers: Resolvers = {
      Query: { apiKey: Query_apiKey,apiKeys: Query_apiKeys,auditEvents: Query_auditEvents,credentialPolicy: Query_credentialPolicy,daemonTokens: Query_daemonTokens,explain: Query_explain,introspect: Query_introspect,node: Query_node,revocations: Query_revocations,session: Query_session,sessions: Query_sessions,signingKeys: Query_signingKeys,user: Query_user,users: Query_users,viewer: Query_viewer,workspace: Query_workspace,workspaces: Query_workspaces },
      Mutation: { acceptInvitation: Mutation_acceptInvitation,addWorkspaceMember: Mutation_addWorkspaceMember,bootstrap: Mutation_bootstrap,changePassword: Mutation_changePassword,createApiKey: Mutation_createApiKey,createDaemonToken: Mutation_createDaemonToken,createPasswordReset: Mutation_createPasswordReset,createSigningKey: Mutation_createSigningKey,createWorkspace: Mutation_createWorkspace,deleteUser: Mutation_deleteUser,deleteWorkspace: Mutation_deleteWorkspace,disableUser: Mutation_disableUser,enableUser: Mutation_enableUser,endApiKeyOverlap: Mutation_endApiKeyOverlap,inviteUser: Mutation_inviteUser,login: Mutation_login,logout: Mutation_logout,refreshSession: Mutation_refreshSession,register: Mutation_register,removeWorkspaceMember: Mutation_removeWorkspaceMember,renewDaemonToken: Mutation_renewDaemonToken,resetPassword: Mutation_resetPassword,revokeAccessToken: Mutation_revokeAccessToken,revokeAllSessions: Mutation_revokeAllSessions,revokeApiKey: Mutation_revokeApiKey,revokeDaemon: Mutation_revokeDaemon,revokeDaemonToken: Mutation_revokeDaemonToken,revokeSession: Mutation_revokeSession,revokeSigningKey: Mutation_revokeSigningKey,rotateApiKey: Mutation_rotateApiKey,rotateSigningKey: Mutation_rotateSigningKey,setCredentialPolicy: Mutation_setCredentialPolicy,setWorkspaceMemberRole: Mutation_setWorkspaceMemberRole,updateApiKey: Mutation_updateApiKey,updateProfile: Mutation_updateProfile,updateUser: Mutation_updateUser,updateWorkspace: Mutation_updateWorkspace },
      Subscription: { revocations: Subscription_revocations },
      ApiKey: ApiKey,
ApiKeyConnection: ApiKeyConnection,
AuditDetail: AuditDetail,
AuditEvent: AuditEvent,
CredentialPolicy: CredentialPolicy,
DaemonToken: DaemonToken,
Explanation: Explanation,
Introspection: Introspection,
MetadataEntry: MetadataEntry,
RateLimit: RateLimit,
Revocation: Revocation,
RevocationEvent: RevocationEvent,
Session: Session,
SessionTokens: SessionTokens,
SigningKey: SigningKey,
User: User,
Viewer: Viewer,
Workspace: Workspace,
WorkspaceMember: WorkspaceMember,
DateTime: DateTime,
Secret: Secret,
Credential: Credential,
Node: Node
    }