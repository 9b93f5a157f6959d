export const FleetMapPanel = () => null;
