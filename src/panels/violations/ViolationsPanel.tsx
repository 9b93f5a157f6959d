export const ViolationsPanel = () => null;
