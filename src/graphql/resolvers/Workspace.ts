import { membersOf } from '../../workspaces/workspace.queries.ts';
import { paginate } from '../connection.ts';
import { policyOf } from '../credential-fields.ts';
import type { WorkspaceResolvers } from '../generated/types.ts';

export const Workspace: WorkspaceResolvers = {
  credentialPolicy: ({ id }, _arg, context) => policyOf(id, context),
  async members({ id }, paging, context) {
    const page = await paginate(
      context,
      membersOf(id, { isVisible: await context.visibility.seesMembersOf(id) }),
      paging,
    );
    for (const { userId } of page.nodes) context.visibility.admit(userId);
    return page;
  },
};
