import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Academy, NewAcademy } from "../../../domain/Academy.ts"
import { Auth } from "./Auth.ts"
import { Body, Created } from "./Envelope.ts"
import { problems } from "./Problem.ts"

export class AcademyApi extends HttpApiGroup.make("academies").add(
  HttpApiEndpoint.post("create", "/", { payload: Body(NewAcademy), success: Created(Academy), error: problems })
).middleware(Auth).prefix("/api/v1/academies") {}
