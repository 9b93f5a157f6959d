export const ApprovalsPanel = () => null;
