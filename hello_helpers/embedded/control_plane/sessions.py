"""The Sessions service."""

from __future__ import annotations

from typing import Any

from armonik.protogen.client.sessions_service_pb2_grpc import SessionsServicer
from armonik.protogen.common import sessions_common_pb2 as messages
from armonik.protogen.common.sessions_common_pb2 import SessionRaw

from ..data_plane import session_life
from ..data_plane import sessions as session_rows
from ..data_plane.fields import SESSIONS
from ..data_plane.states import SessionAction, SessionStatus
from ..interceptor import Context
from .listing import list_messages
from .messages import session_raw
from .service import Service, create_session


class Sessions(Service, SessionsServicer):  # type: ignore[misc]
    """Creates sessions and leads them through their life."""

    async def CreateSession(
        self, request: messages.CreateSessionRequest, context: Context
    ) -> messages.CreateSessionReply:
        """Open a session; its options are the defaults of its tasks."""
        return messages.CreateSessionReply(session_id=create_session(self._plane, request, context))

    async def GetSession(
        self, request: messages.GetSessionRequest, _: Context
    ) -> messages.GetSessionResponse:
        """Return one session."""
        row = session_rows.get(self._plane, request.session_id)
        return messages.GetSessionResponse(session=session_raw(row))

    async def ListSessions(
        self, request: messages.ListSessionsRequest, _: Context
    ) -> messages.ListSessionsResponse:
        """Return a page of the sessions that match the filters."""
        return await list_messages(
            self._plane, request, SESSIONS, session_raw, messages.ListSessionsResponse, "sessions"
        )

    async def _act(self, request: Any, context: Context, action: SessionAction) -> SessionRaw:
        self._require_owner(context, "session", [request.session_id])
        return session_raw(await session_life.act(self._plane, request.session_id, action))

    async def PauseSession(
        self, request: messages.PauseSessionRequest, context: Context
    ) -> messages.PauseSessionResponse:
        """Hold back the session's waiting tasks."""
        return messages.PauseSessionResponse(
            session=await self._act(request, context, SessionAction.PAUSE)
        )

    async def ResumeSession(
        self, request: messages.ResumeSessionRequest, context: Context
    ) -> messages.ResumeSessionResponse:
        """Let a paused session go on."""
        return messages.ResumeSessionResponse(
            session=await self._act(request, context, SessionAction.RESUME)
        )

    async def CancelSession(
        self, request: messages.CancelSessionRequest, context: Context
    ) -> messages.CancelSessionResponse:
        """Stop everything in the session."""
        return messages.CancelSessionResponse(
            session=await self._act(request, context, SessionAction.CANCEL)
        )

    async def CloseSession(
        self, request: messages.CloseSessionRequest, context: Context
    ) -> messages.CloseSessionResponse:
        """Take no more tasks; running ones finish."""
        return messages.CloseSessionResponse(
            session=await self._act(request, context, SessionAction.CLOSE)
        )

    async def PurgeSession(
        self, request: messages.PurgeSessionRequest, context: Context
    ) -> messages.PurgeSessionResponse:
        """Erase the data of a closed or cancelled session."""
        return messages.PurgeSessionResponse(
            session=await self._act(request, context, SessionAction.PURGE)
        )

    async def DeleteSession(
        self, request: messages.DeleteSessionRequest, context: Context
    ) -> messages.DeleteSessionResponse:
        """Remove every trace of a session; one that does not exist counts as removed."""
        self._require_owner(context, "session", [request.session_id])
        row = await session_life.delete(self._plane, request.session_id)
        session = session_raw(row) if row else SessionRaw(session_id=request.session_id)
        session.status = int(SessionStatus.DELETED)
        session.deleted_at.GetCurrentTime()
        return messages.DeleteSessionResponse(session=session)

    async def StopSubmission(
        self, request: messages.StopSubmissionRequest, context: Context
    ) -> messages.StopSubmissionResponse:
        """Let clients, workers or both submit no more."""
        self._require_owner(context, "session", [request.session_id])
        row = session_life.stop_submission(
            self._plane, request.session_id, client=request.client, worker=request.worker
        )
        return messages.StopSubmissionResponse(session=session_raw(row))
