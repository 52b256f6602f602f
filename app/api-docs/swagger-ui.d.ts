declare module "swagger-ui-dist/swagger-ui-es-bundle" {
  const swagger: unknown;
  export default swagger;
}
declare module "swagger-ui-dist/swagger-ui.css";
