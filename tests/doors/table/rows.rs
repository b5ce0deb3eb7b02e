//! What does everybody get, for every request and every event? The table itself.
//!
//! A row is what the seven of `cast::PEOPLE` get, and what they ask: the request with its body, or the event with its
//! payload, such that it succeeds for somebody. What stands in braces is made when a row mentions it: see `asking` and `cast`.
//!
//! The columns: nobody (no token) · a device that was logged out · who was suspended, a member once, whose token is
//! none any more · a stranger · who was removed from the group · a member · the owner, who made the group and whose
//! things they are (under `[admin]` the administrator).

/// A body with a `file` is sent as a form.
pub const REQUESTS: &str = r#"
[campus]
200 200 200 200 200 200 200  POST /user/send-signup-code {"email": "{new}@example.test"}
200 200 200 200 200 200 200  POST /user/resend-signup-code {"email": "{new}@example.test"}
200 200 200 200 200 200 200  POST /user/verify-email {"email": "{new}@example.test", "verificationCode": "{sign-up code}"}
201 201 201 201 201 201 201  POST /user/register {"email": "{new}@example.test", "full_name": "{new}", "gender": "female", "dateOfBirth": "1999-12-31", "role": "student", "password": "open sesame", "signupToken": "{sign-up token}"}
403 403 403 403 403 403 403  POST /user/register {"email": "{new}@example.test", "full_name": "{new}", "gender": "female", "dateOfBirth": "1999-12-31", "role": "student", "password": "open sesame", "signupToken": "{sign-up token}", "invitation": "of nobody"}
401 401 401 200 200 200 200  GET /user/profile
401 401 401 200 200 200 200  GET /user/presence?userIds={ann}
200 200 200 200 200 200 200  POST /user/reset-password-code {"email": "{account}@example.test"}
200 200 200 200 200 200 200  POST /user/verify-reset-code {"email": "{account}@example.test", "verificationCode": "{reset code}"}
200 200 200 200 200 200 200  PATCH /user/reset-password {"email": "{account}@example.test", "password": "open sesame", "resetToken": "{reset token}"}
401 401 401 200 200 200 200  PATCH /user/profile {"full_name": "{new}"}
401 401 401 200 200 200 200  PUT /user/password {"currentPassword": "password of {my name}", "newPassword": "open sesame"}
401 401 401 403 403 403 403  PUT /user/password {"currentPassword": "password of nobody", "newPassword": "open sesame"}
401 401 401 200 200 200 200  POST /user/email {"email": "{new}@example.test", "password": "password of {my name}"}
401 401 401 200 200 200 200  PUT /user/email {"code": "{address code}"}
401 401 401 200 200 200 200  GET /user/export
401 401 401 200 200 200 200  DELETE /user/profile {"password": "password of {my name}"}
200 200 200 200 200 200 200  POST /auth/login {"email": "{account}@example.test", "password": "password of {account}"}
401 401 401 200 200 200 200  GET /auth/active-devices
401 401 401 200 200 200 200  POST /auth/remove-all-session
401 401 401 404 404 404 200  POST /auth/remove-session/{device}
501 501 501 501 501 501 501  GET /auth/google
501 501 501 501 501 501 501  GET /auth/google/callback?code=code&state=state
401 401 401 201 201 201 201  POST /conversaton/create {"senderId": "{me}", "receiverId": "{account id}"}
401 401 401 403 403 403 201  POST /conversaton/create {"senderId": "{ann}", "receiverId": "{account id}"}
401 401 401 404 404 200 200  GET /conversaton/{group}
401 401 401 404 404 200 200  GET /conversaton/{direct}
401 401 401 404 404 200 200  GET /conversaton/{talk}
401 401 401 200 200 200 200  GET /conversaton/{room}
401 401 401 201 201 201 201  POST /conversaton/create-group {"name": "Friends", "groupMenmbers": ["{account id}"]}
401 401 401 201 201 201 201  POST /conversation/create {"senderId": "{me}", "receiverId": "{account id}"}
401 401 401 403 403 403 201  POST /conversation/create {"senderId": "{ann}", "receiverId": "{account id}"}
401 401 401 404 404 200 200  GET /conversation/{group}
401 401 401 201 201 201 201  POST /conversation/create-group {"name": "Friends", "groupMembers": ["{account id}"]}
401 401 401 404 404 403 200  PATCH /conversaton/{group} {"name": "Friends"}
401 401 401 404 404 403 200  PUT /conversaton/{group}/owners/{bob}
401 401 401 404 404 403 200  DELETE /conversaton/{group}/owners/{bob}
401 401 401 404 404 403 200  POST /conversaton/{group}/members {"userId": "{account id}"}
401 401 401 404 404 403 200  DELETE /conversaton/{group}/members/{carl}
401 401 401 404 404 200 200  DELETE /conversaton/{group}/members/{me}
401 401 401 404 404 403 200  PATCH /conversation/{group} {"name": "Friends"}
401 401 401 404 404 403 200  PUT /conversation/{group}/owners/{bob}
401 401 401 404 404 403 200  DELETE /conversation/{group}/owners/{bob}
401 401 401 404 404 403 200  POST /conversation/{group}/members {"userId": "{account id}"}
401 401 401 404 404 403 200  DELETE /conversation/{group}/members/{carl}
401 401 401 404 404 200 200  DELETE /conversation/{group}/members/{me}
401 401 401 404 404 403 403  PATCH /conversaton/{direct} {"name": "Friends"}
401 401 401 404 404 200 200  GET /conversaton/{group}/settings
401 401 401 404 404 200 200  PATCH /conversaton/{group}/settings {"level": "none"}
401 401 401 404 404 200 200  GET /conversation/{direct}/settings
401 401 401 404 404 200 200  PATCH /conversation/{direct}/settings {"level": "none"}
401 401 401 403 403 403 200  GET /conversaton/{room}/settings
401 401 401 403 403 403 200  PATCH /conversaton/{room}/settings {"level": "none"}
401 401 401 404 404 201 201  POST /message/create {"conversationId": "{group}", "senderId": "{me}", "message": "Hello"}
401 401 401 403 403 403 201  POST /message/create {"conversationId": "{group}", "senderId": "{ann}", "message": "Hello"}
401 401 401 404 404 201 201  POST /message/create {"conversationId": "{direct}", "senderId": "{me}", "message": "Hello"}
401 401 401 201 201 201 201  POST /message/create {"conversationId": "{room}", "senderId": "{me}", "message": "Hello"}
401 401 401 404 404 200 200  GET /message/get-messages?conversationId={group}
401 401 401 404 404 200 200  GET /message/get-messages {"conversationId": "{group}"}
401 401 401 404 404 200 200  GET /message/get-messages?conversationId={direct}
401 401 401 404 404 200 200  GET /message/get-conversation-participants?conversationId={group}
401 401 401 200 200 200 200  GET /message/search?q=between
401 401 401 404 404 200 200  GET /message/search?q=between&conversationId={group}
401 401 401 404 404 200 200  GET /message/search?q=between&conversationId={direct}
401 401 401 404 404 200 200  GET /message/get-conversation-participants {"conversationId": "{group}"}
401 401 401 404 404 200 200  GET /message/get-message/{message}
401 401 401 404 404 200 200  GET /message/get-message/{direct message}
401 401 401 404 404 200 200  GET /message/get-message/{talk message}
401 401 401 200 200 200 200  GET /message/get-message/{room message}
401 401 401 404 404 200 200  GET /message/get-pinned?conversationId={group}
401 401 401 404 404 200 200  GET /message/get-pinned {"conversationId": "{direct}"}
401 401 401 404 404 403 200  PATCH /message/update/{message} {"message": "Hello"}
401 401 401 404 404 200 403  PATCH /message/update/{message of bob} {"message": "Hello"}
401 401 401 404 404 403 403  PATCH /message/update/{message of max} {"message": "Hello"}
401 401 401 404 404 403 200  PATCH /message/update/{direct message} {"message": "Hello"}
401 401 401 403 403 403 200  PATCH /message/update/{room message} {"message": "Hello"}
401 401 401 404 404 403 200  DELETE /message/remove/{message}
401 401 401 404 404 200 200  DELETE /message/remove/{message of bob}
401 401 401 404 404 403 200  DELETE /message/remove/{message of carl}
401 401 401 404 200 403 200  DELETE /message/remove/{message of max}
401 401 401 404 404 403 200  DELETE /message/remove/{direct message}
401 401 401 403 403 403 200  DELETE /message/remove/{room message}
401 401 401 404 404 200 200  PUT /message/reaction/{message} {"emoji": "👍"}
401 401 401 404 404 200 200  PUT /message/reaction/{message of max} {"emoji": "👍"}
401 401 401 200 200 200 200  PUT /message/reaction/{room message} {"emoji": "👍"}
401 401 401 404 404 200 200  DELETE /message/reaction/{message} {"emoji": "👍"}
401 401 401 404 404 200 200  DELETE /message/reaction/{direct message}?emoji={emoji}
401 401 401 404 404 403 200  PUT /message/pin/{message}
401 401 401 404 404 403 200  PUT /message/pin/{message of bob}
401 401 401 404 404 200 200  PUT /message/pin/{direct message}
401 401 401 403 403 403 200  PUT /message/pin/{room message}
401 401 401 404 404 403 200  DELETE /message/pin/{message}
401 401 401 404 404 200 200  DELETE /message/pin/{talk message}

[mentor]
401 401 401 200 200 200 200  GET /api/conversations?limit=10
401 401 401 200 200 200 200  GET /api/conversations
401 401 401 404 404 201 200  POST /api/conversations/by-session {"sessionId": "{session}"}
401 401 401 404 404 200 200  GET /api/conversations/{group}
401 401 401 404 404 200 200  GET /api/conversations/{direct}
401 401 401 404 404 200 200  GET /api/conversations/{talk}
401 401 401 404 404 200 200  GET /api/conversations/{group}/messages
401 401 401 404 404 200 200  GET /api/conversations/{talk}/messages
401 401 401 200 200 200 200  GET /api/conversations/search?q=between
401 401 401 404 404 200 200  GET /api/conversations/search?q=between&conversationId={talk}
401 401 401 404 404 201 201  POST /api/conversations/{group}/messages {"content": "Hello"}
401 401 401 404 404 201 201  POST /api/conversations/{talk}/messages {"content": "Hello"}
401 401 401 404 404 201 201  POST /api/conversations/{group}/attachments {"file": "notes.txt"}
401 401 401 404 404 201 201  POST /api/conversations/{direct}/attachments {"file": "notes.txt"}
401 401 401 404 404 200 200  PATCH /api/conversations/{group}/read
401 401 401 404 404 200 200  GET /api/conversations/{group}/reads
401 401 401 404 404 403 200  PATCH /api/conversations/{group} {"name": "Friends"}
401 401 401 404 404 403 200  PUT /api/conversations/{group}/owners/{bob}
401 401 401 404 404 403 200  DELETE /api/conversations/{group}/owners/{bob}
401 401 401 404 404 403 403  PATCH /api/conversations/{talk} {"name": "Friends"}
401 401 401 403 403 403 200  PATCH /api/conversations/{room} {"archived": true}
401 401 401 404 404 200 200  GET /api/conversations/{group}/settings
401 401 401 404 404 200 200  PATCH /api/conversations/{group}/settings {"level": "none"}
401 401 401 404 404 200 200  GET /api/conversations/{talk}/settings
401 401 401 404 404 200 200  PATCH /api/conversations/{talk}/settings {"level": "none"}
401 401 401 404 404 403 200  POST /api/conversations/{group}/members {"userId": "{account id}"}
401 401 401 404 404 403 200  POST /api/conversations/{group}/members {"userId": "{me}"}
401 401 401 404 404 403 200  DELETE /api/conversations/{group}/members/{carl}
401 401 401 404 404 200 200  DELETE /api/conversations/{group}/members/{me}
401 401 401 404 404 200 200  GET /api/conversations/{group}/pins
401 401 401 200 200 200 200  GET /api/conversations/{room}/pins
401 401 401 404 404 200 200  GET /api/conversations/{group}/messages/{message}
401 401 401 404 404 200 200  GET /api/conversations/{talk}/messages/{talk message}
401 401 401 404 404 404 404  GET /api/conversations/{direct}/messages/{message}
401 401 401 404 404 404 404  GET /api/conversations/{room}/messages/{message}
401 401 401 404 404 403 200  PATCH /api/conversations/{group}/messages/{message} {"content": "Hello"}
401 401 401 404 404 200 403  PATCH /api/conversations/{group}/messages/{message of bob} {"content": "Hello"}
401 401 401 404 404 403 403  PATCH /api/conversations/{group}/messages/{message of max} {"content": "Hello"}
401 401 401 404 404 403 200  PATCH /api/conversations/{talk}/messages/{talk message} {"content": "Hello"}
401 401 401 404 404 404 404  PATCH /api/conversations/{direct}/messages/{message} {"content": "Hello"}
401 401 401 404 404 403 200  DELETE /api/conversations/{group}/messages/{message}
401 401 401 404 404 403 200  DELETE /api/conversations/{group}/messages/{message of carl}
401 401 401 404 200 403 200  DELETE /api/conversations/{group}/messages/{message of max}
401 401 401 404 404 403 200  DELETE /api/conversations/{talk}/messages/{talk message}
401 401 401 404 404 404 404  DELETE /api/conversations/{direct}/messages/{message}
401 401 401 404 404 404 404  DELETE /api/conversations/{room}/messages/{message of max}
401 401 401 404 404 200 200  PUT /api/conversations/{group}/messages/{message}/reactions/{emoji}
401 401 401 404 404 200 200  PUT /api/conversations/{talk}/messages/{talk message}/reactions/{emoji}
401 401 401 404 404 404 404  PUT /api/conversations/{direct}/messages/{message}/reactions/{emoji}
401 401 401 404 404 200 200  DELETE /api/conversations/{group}/messages/{message}/reactions/{emoji}
401 401 401 404 404 404 404  DELETE /api/conversations/{direct}/messages/{message}/reactions/{emoji}
401 401 401 404 404 403 200  PUT /api/conversations/{group}/messages/{message}/pin
401 401 401 404 404 200 200  PUT /api/conversations/{talk}/messages/{talk message}/pin
401 401 401 404 404 404 404  PUT /api/conversations/{room}/messages/{message}/pin
401 401 401 404 404 403 200  DELETE /api/conversations/{group}/messages/{message}/pin
401 401 401 404 404 200 200  DELETE /api/conversations/{direct}/messages/{direct message}/pin
401 401 401 404 404 404 404  DELETE /api/conversations/{direct}/messages/{message}/pin
401 401 401 200 200 200 200  GET /api/presence?userIds={ann}

[emote]
200 200 200 200 200 200 200  POST /api/auth/register {"name": "{new}", "email": "{new}@example.test", "password": "open sesame"}
403 403 403 403 403 403 403  POST /api/auth/register {"name": "{new}", "email": "{new}@example.test", "password": "open sesame", "invitation": "of nobody"}
200 200 200 200 200 200 200  POST /api/auth/login {"email": "{account}@example.test", "password": "password of {account}"}
401 401 401 200 200 200 200  POST /api/auth/logout
401 401 401 200 200 200 200  GET /api/auth/validate
401 401 401 200 200 200 200  POST /api/auth/refresh
401 401 401 200 200 200 200  GET /api/profile/users
401 401 401 200 200 200 200  GET /api/profile/users/{carl}
401 401 401 200 200 200 200  GET /api/profile/presence?userIds={ann}
401 401 401 200 200 200 200  PATCH /api/profile/presence {"hidden": true}
401 401 401 200 200 200 200  PATCH /api/profile {"name": "{new}"}
401 401 401 200 200 200 200  PUT /api/profile/password {"currentPassword": "password of {my name}", "newPassword": "open sesame"}
401 401 401 403 403 403 403  PUT /api/profile/password {"currentPassword": "password of nobody", "newPassword": "open sesame"}
401 401 401 200 200 200 200  POST /api/profile/email {"email": "{new}@example.test", "password": "password of {my name}"}
401 401 401 403 403 403 403  POST /api/profile/email {"email": "{new}@example.test", "password": "password of nobody"}
401 401 401 200 200 200 200  PUT /api/profile/email {"code": "{address code}"}
401 401 401 200 200 200 200  GET /api/profile/devices
401 401 401 404 404 404 200  DELETE /api/profile/devices/{device}
401 401 401 200 200 200 200  GET /api/profile/export
401 401 401 403 403 403 403  DELETE /api/profile {"password": "password of nobody", "messages": "delete"}
401 401 401 200 200 200 200  DELETE /api/profile {"password": "password of {my name}", "messages": "delete"}
401 401 401 200 200 200 200  GET /api/conversations?page=1
200 200 200 200 200 200 200  POST /api/password/reset-request {"email": "{account}@example.test"}
200 200 200 200 200 200 200  POST /api/password/reset {"token": "{link token}", "password": "open sesame"}

[rooms]
201 201 201 201 201 201 201  POST /api/auth/signup {"username": "{new}", "email": "{new}@example.test", "password": "open sesame"}
403 403 403 403 403 403 403  POST /api/auth/signup {"username": "{new}", "email": "{new}@example.test", "password": "open sesame", "invitation": "of nobody"}
200 200 200 200 200 200 200  POST /api/auth/login {"email": "{account}@example.test", "password": "password of {account}"}
401 401 401 200 200 200 200  GET /api/auth/logout
401 401 401 200 200 200 200  POST /api/auth/logout
401 401 401 200 200 200 200  PATCH /api/auth/profile {"username": "{new}"}
401 401 401 200 200 200 200  PUT /api/auth/password {"currentPassword": "password of {my name}", "newPassword": "open sesame"}
401 401 401 200 200 200 200  POST /api/auth/email {"email": "{new}@example.test", "password": "password of {my name}"}
401 401 401 200 200 200 200  PUT /api/auth/email {"code": "{address code}"}
401 401 401 200 200 200 200  GET /api/auth/devices
401 401 401 404 404 404 200  DELETE /api/auth/devices/{device}
401 401 401 200 200 200 200  GET /api/auth/export
401 401 401 200 200 200 200  DELETE /api/auth/profile {"password": "password of {my name}"}
401 401 401 201 201 201 201  POST /api/rooms {"name": "Lobby", "description": ""}
200 401 401 200 200 200 200  GET /api/rooms
200 401 401 200 200 200 200  GET /api/rooms/{room}
404 401 401 404 404 200 200  GET /api/rooms/{group}
404 401 401 404 404 200 200  GET /api/rooms/{direct}
404 401 401 404 404 200 200  GET /api/rooms/{talk}
401 401 401 404 404 403 200  PATCH /api/rooms/{group} {"name": "Friends"}
401 401 401 404 404 403 200  PUT /api/rooms/{group}/owners/{bob}
401 401 401 404 404 403 200  DELETE /api/rooms/{group}/owners/{bob}
401 401 401 404 404 403 200  POST /api/rooms/{group}/members {"userId": "{account id}"}
401 401 401 404 404 403 200  DELETE /api/rooms/{group}/members/{carl}
401 401 401 404 404 200 200  DELETE /api/rooms/{group}/members/{me}
401 401 401 403 403 403 200  PATCH /api/rooms/{room} {"description": "Be kind"}
401 401 401 200 200 200 200  POST /api/rooms/{room}/members {"userId": "{me}"}
401 401 401 409 409 409 409  POST /api/rooms/{room}/members {"userId": "{carl}"}
401 401 401 404 404 200 200  GET /api/rooms/{group}/settings
401 401 401 404 404 200 200  PATCH /api/rooms/{group}/settings {"level": "none"}
401 401 401 403 403 403 200  GET /api/rooms/{room}/settings
401 401 401 403 403 403 200  PATCH /api/rooms/{room}/settings {"mutedUntil": null}
401 401 401 201 201 201 201  POST /api/messages {"roomId": "{room}", "content": "Hello"}
401 401 401 404 404 201 201  POST /api/messages {"roomId": "{group}", "content": "Hello"}
401 401 401 404 404 201 201  POST /api/messages {"roomId": "{direct}", "content": "Hello"}
200 401 401 200 200 200 200  GET /api/messages/{room}
404 401 401 404 404 200 200  GET /api/messages/{group}
404 401 401 404 404 200 200  GET /api/messages/{direct}
404 401 401 404 404 200 200  GET /api/messages/{talk}
401 401 401 404 404 403 200  PATCH /api/messages/{message} {"content": "Hello"}
401 401 401 404 404 200 403  PATCH /api/messages/{message of bob} {"content": "Hello"}
401 401 401 403 403 403 200  PATCH /api/messages/{room message} {"content": "Hello"}
401 401 401 404 404 403 200  DELETE /api/messages/{message}
401 401 401 404 404 403 200  DELETE /api/messages/{message of carl}
401 401 401 404 200 403 200  DELETE /api/messages/{message of max}
401 401 401 403 403 403 200  DELETE /api/messages/{room message}
401 401 401 404 404 200 200  PUT /api/messages/{message}/reactions/{emoji}
401 401 401 200 200 200 200  PUT /api/messages/{room message}/reactions/{emoji}
401 401 401 404 404 200 200  DELETE /api/messages/{message}/reactions/{emoji}
401 401 401 404 404 403 200  PUT /api/messages/{message}/pin
401 401 401 404 404 200 200  PUT /api/messages/{direct message}/pin
401 401 401 403 403 403 200  PUT /api/messages/{room message}/pin
401 401 401 404 404 403 200  DELETE /api/messages/{message}/pin
401 401 401 403 403 403 200  DELETE /api/messages/{room message}/pin
200 401 401 200 200 200 200  GET /api/rooms/{room}/pins
404 401 401 404 404 200 200  GET /api/rooms/{group}/pins
404 401 401 404 404 200 200  GET /api/rooms/{direct}/pins
200 401 401 200 200 200 200  GET /api/messages/search?q=between
200 401 401 200 200 200 200  GET /api/messages/search?q=between&roomId={room}
404 401 401 404 404 200 200  GET /api/messages/search?q=between&roomId={group}
401 401 401 201 201 201 201  POST /api/files/upload {"file": "notes.txt"}
401 401 401 201 201 201 201  POST /api/files/upload {"file": "notes.txt", "roomId": "{room}"}
401 401 401 404 404 201 201  POST /api/files/upload {"file": "notes.txt", "roomId": "{group}"}
404 401 401 404 404 200 200  GET /api/files/{file}
200 401 401 200 200 200 200  GET /api/files/{diary}
404 401 401 404 404 404 200  GET /api/files/{diarys number}
200 401 401 200 200 200 200  GET /api/files/{poster}
200 401 401 200 200 200 200  GET /api/files
404 401 401 404 404 200 200  GET /uploads/{file url}
401 401 401 200 200 200 200  GET /api/users/presence?userIds={ann}

[direct]
401 401 401 200 200 200 200  GET /api/notifications
401 401 401 404 404 404 200  PATCH /api/notifications/{notice}/read

[admin]
400 400 400 400 400 400 400  POST /api/admin/setup {"token": "of nobody", "name": "{new}", "email": "{new}@example.test", "password": "open sesame"}
401 401 401 403 403 403 200  GET /api/admin/stats
401 401 401 403 403 403 200  GET /api/admin/settings
401 401 401 403 403 403 200  GET /api/admin/users
401 401 401 403 403 403 201  POST /api/admin/users {"name": "{new}", "email": "{new}@example.test"}
401 401 401 403 403 403 200  GET /api/admin/users/{carl}
401 401 401 403 403 403 200  PATCH /api/admin/users/{carl} {"suspended": true}
401 401 401 403 403 403 200  DELETE /api/admin/users/{carl}
401 401 401 403 403 403 201  POST /api/admin/users/{carl}/reset-link
401 401 401 403 403 403 201  POST /api/admin/users/{carl}/token
401 401 401 403 403 403 200  GET /api/admin/users/{carl}/devices
401 401 401 403 403 403 200  DELETE /api/admin/users/{carl}/devices/{carls device}
401 401 401 403 403 403 200  GET /api/admin/conversations
401 401 401 403 403 403 200  GET /api/admin/conversations/{carls group}
401 401 401 403 403 403 200  PATCH /api/admin/conversations/{carls group} {"keepMessages": 0}
401 401 401 403 403 403 200  GET /api/admin/conversations/{carls group}/messages
401 401 401 403 403 403 200  GET /api/admin/search?q=hello
401 401 401 403 403 403 200  DELETE /api/admin/messages/{carls message}
401 401 401 403 403 403 200  GET /api/admin/files
401 401 401 403 403 403 200  GET /api/admin/files/{carls file}
401 401 401 403 403 403 200  GET /api/admin/files/{carls file}/content
401 401 401 403 403 403 200  DELETE /api/admin/files/{carls file}
401 401 401 403 403 403 200  GET /api/admin/sockets
401 401 401 403 403 403 404  DELETE /api/admin/sockets/{socket of nobody}
401 401 401 403 403 403 200  GET /api/admin/wire?limit=0
401 401 401 403 403 403 200  GET /api/admin/sessions
401 401 401 403 403 403 200  GET /api/admin/sessions/{session}
401 401 401 403 403 403 200  PUT /api/admin/sessions/{session} {"mentorId": "{ann}", "menteeId": "{bob}", "startAt": "2024-01-15T10:00:00Z", "status": "done"}
401 401 401 403 403 403 201  POST /api/admin/notifications {"userId": "{carl}", "title": "Hello", "message": "Hello"}
401 401 401 403 403 403 200  GET /api/admin/invitations
401 401 401 403 403 403 201  POST /api/admin/invitations {"uses": 2}
401 401 401 403 403 403 200  DELETE /api/admin/invitations/{invitation}
401 401 401 403 403 403 200  GET /api/invitations
401 401 401 403 403 403 201  POST /api/invitations {"uses": 2}
401 401 401 404 404 404 200  DELETE /api/invitations/{invitation}
401 401 401 403 403 403 200  GET /api/admin/outbox
401 401 401 403 403 403 200  POST /api/admin/outbox/{mail}/retry
401 401 401 403 403 403 200  GET /api/admin/audit
200 200 200 200 200 200 200  GET /healthz
200 200 200 200 200 200 200  GET /livez
200 200 200 200 200 200 200  GET /readyz
200 200 200 200 200 200 200  GET /metrics
401 401 401 403 403 403 200  GET /api/admin/backup
200 200 200 200 200 200 200  GET /
200 200 200 200 200 200 200  GET /admin
200 200 200 200 200 200 200  GET /assets/{asset}
200 200 200 200 200 200 200  GET /api/about
200 401 401 200 200 200 200  GET /api/mail
401 401 401 200 200 200 200  PATCH /api/mail {"unread": true}
404 404 404 404 404 404 404  GET /mail/off/{stop of nobody}
404 404 404 404 404 404 404  POST /mail/off/{stop of nobody}
200 200 200 200 200 200 200  GET /docs
200 200 200 200 200 200 200  GET /docs/{dialect}/openapi.json
200 200 200 200 200 200 200  GET /docs/{dialect}/asyncapi.json
"#;

/// 200 is `ok: true`; 401 is a socket that is not let in, or no longer heard.
pub const EVENTS: &str = r#"
[campus]
401 401 401 404 404 200 200  join-conversation {"conversationId": "{group}"}
401 401 401 404 404 200 200  join-conversation {"conversationId": "{direct}"}
401 401 401 404 404 200 200  send-message {"conversationId": "{group}", "message": "Hello"}
401 401 401 404 404 200 200  send-message {"conversationId": "{direct}", "message": "Hello"}
401 401 401 404 404 200 200  join-group {"conversation": "{group}"}
401 401 401 200 200 200 200  join-group {"conversation": "{room}"}
401 401 401 404 404 200 200  send-group-message {"conversationId": "{group}", "message": "Hello"}
401 401 401 404 404 403 200  edit-message {"messageId": "{message}", "message": "Hello"}
401 401 401 404 404 200 403  edit-message {"messageId": "{message of bob}", "message": "Hello"}
401 401 401 404 404 403 403  edit-message {"messageId": "{message of max}", "message": "Hello"}
401 401 401 403 403 403 200  edit-message {"messageId": "{room message}", "message": "Hello"}
401 401 401 404 404 403 200  delete-message {"messageId": "{message}"}
401 401 401 404 404 403 200  delete-message {"messageId": "{message of carl}"}
401 401 401 404 200 403 200  delete-message {"messageId": "{message of max}"}
401 401 401 404 404 403 200  delete-message {"messageId": "{talk message}"}
401 401 401 403 403 403 200  delete-message "{room message}"
401 401 401 404 404 200 200  react-message {"messageId": "{message}", "emoji": "👍"}
401 401 401 404 404 200 200  react-message {"messageId": "{message}", "emoji": "👍", "remove": true}
401 401 401 200 200 200 200  react-message {"messageId": "{room message}", "emoji": "👍"}
401 401 401 404 404 403 200  pin-message {"messageId": "{message}"}
401 401 401 404 404 403 200  pin-message {"messageId": "{message}", "remove": true}
401 401 401 404 404 200 200  pin-message {"messageId": "{direct message}"}
401 401 401 404 404 200 200  pin-message {"messageId": "{talk message}"}
401 401 401 403 403 403 200  pin-message {"messageId": "{room message}"}

[mentor]
401 401 401 404 404 200 200  join_conversation {"conversationId": "{group}"}
401 401 401 404 404 200 200  join_conversation {"conversationId": "{talk}"}
401 401 401 404 404 200 200  leave_conversation {"conversationId": "{group}"}
401 401 401 404 404 200 200  typing {"conversationId": "{group}", "isTyping": true}
401 401 401 404 404 200 200  typing {"conversationId": "{group}", "isTyping": false}
401 401 401 404 404 200 200  mark_read {"conversationId": "{group}"}

[rooms]
401 401 401 404 404 200 200  joinRoom {"roomId": "{group}"}
401 401 401 404 404 200 200  joinRoom {"roomId": "{direct}"}
401 401 401 200 200 200 200  joinRoom {"roomId": "{room}"}
401 401 401 404 404 200 200  leaveRoom {"roomId": "{group}"}
401 401 401 404 404 200 200  message {"roomId": "{group}", "content": "Hello"}
401 401 401 200 200 200 200  message {"roomId": "{room}", "content": "Hello"}
401 401 401 404 404 200 200  fileUpload {"roomId": "{group}", "filename": "notes.txt", "mimetype": "text/plain"}
401 401 401 200 200 200 200  fileUpload {"roomId": "{room}", "filename": "notes.txt", "mimetype": "text/plain"}
401 401 401 404 404 403 200  editMessage {"messageId": "{message}", "content": "Hello"}
401 401 401 404 404 200 403  editMessage {"messageId": "{message of bob}", "content": "Hello"}
401 401 401 404 404 403 403  editMessage {"messageId": "{message of max}", "content": "Hello"}
401 401 401 403 403 403 200  editMessage {"messageId": "{room message}", "content": "Hello"}
401 401 401 404 404 403 200  deleteMessage {"messageId": "{message}"}
401 401 401 404 404 403 200  deleteMessage {"messageId": "{message of carl}"}
401 401 401 404 200 403 200  deleteMessage {"messageId": "{message of max}"}
401 401 401 404 404 403 200  deleteMessage {"messageId": "{talk message}"}
401 401 401 403 403 403 200  deleteMessage "{room message}"
401 401 401 404 404 200 200  reactMessage {"messageId": "{message}", "emoji": "👍"}
401 401 401 404 404 200 200  reactMessage {"messageId": "{message}", "emoji": "👍", "remove": true}
401 401 401 200 200 200 200  reactMessage {"messageId": "{room message}", "emoji": "👍"}
401 401 401 404 404 403 200  pinMessage {"messageId": "{message}"}
401 401 401 404 404 403 200  pinMessage {"messageId": "{message}", "remove": true}
401 401 401 404 404 200 200  pinMessage {"messageId": "{direct message}"}
401 401 401 404 404 200 200  pinMessage {"messageId": "{talk message}"}
401 401 401 403 403 403 200  pinMessage {"messageId": "{room message}"}

[direct]
401 401 401 404 404 200 200  join_conversation "{group}"
401 401 401 404 404 200 200  join_conversation {"conversationId": "{direct}"}
401 401 401 200 200 200 200  join_conversation {"conversationId": "{room}"}
401 401 401 404 404 200 200  leave_conversation "{group}"
401 401 401 404 404 200 200  send_message {"conversationId": "{group}", "content": "Hello"}
401 401 401 404 404 200 200  send_message {"conversationId": "{direct}", "content": "Hello"}
401 401 401 200 200 200 200  send_message {"toUserId": "{account id}", "content": "Hello"}
401 401 401 404 404 200 200  mark_read {"conversationId": "{group}"}
401 401 401 404 404 200 200  typing_start {"conversationId": "{group}"}
401 401 401 404 404 200 200  typing_stop {"conversationId": "{group}"}
401 401 401 404 404 403 200  edit_message {"messageId": "{message}", "content": "Hello"}
401 401 401 404 404 200 403  edit_message {"messageId": "{message of bob}", "content": "Hello"}
401 401 401 404 404 403 403  edit_message {"messageId": "{message of max}", "content": "Hello"}
401 401 401 403 403 403 200  edit_message {"messageId": "{room message}", "content": "Hello"}
401 401 401 404 404 403 200  delete_message {"messageId": "{message}"}
401 401 401 404 404 403 200  delete_message {"messageId": "{message of carl}"}
401 401 401 404 200 403 200  delete_message {"messageId": "{message of max}"}
401 401 401 404 404 403 200  delete_message {"messageId": "{talk message}"}
401 401 401 403 403 403 200  delete_message "{room message}"
401 401 401 404 404 200 200  react_message {"messageId": "{message}", "emoji": "👍"}
401 401 401 404 404 200 200  react_message {"messageId": "{message}", "emoji": "👍", "remove": true}
401 401 401 200 200 200 200  react_message {"messageId": "{room message}", "emoji": "👍"}
401 401 401 404 404 403 200  pin_message {"messageId": "{message}"}
401 401 401 404 404 403 200  pin_message {"messageId": "{message}", "remove": true}
401 401 401 404 404 200 200  pin_message {"messageId": "{direct message}"}
401 401 401 404 404 200 200  pin_message {"messageId": "{talk message}"}
401 401 401 403 403 403 200  pin_message {"messageId": "{room message}"}
401 401 401 404 404 200 200  set_level {"conversationId": "{group}", "level": "none"}
401 401 401 403 403 403 200  set_level {"conversationId": "{room}", "level": "none"}
"#;

pub struct Row {
    pub dialect: &'static str,
    /// What the people get, in their order.
    pub statuses: [u16; 7],
    /// `GET /path`, or an event.
    pub asked: &'static str,
    /// A body or a payload; empty for none.
    pub given: &'static str,
}

pub fn read(table: &'static str) -> Vec<Row> {
    let (mut rows, mut dialect) = (Vec::new(), "");
    for line in table.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[') {
            dialect = name.trim_end_matches(']');
            continue;
        }
        let (statuses, asking) = line
            .split_once("  ")
            .expect("statuses, two blanks, a request");
        let statuses: Vec<u16> = statuses
            .split(' ')
            .map(|one| one.parse().expect("a status"))
            .collect();
        // The JSON begins at a blank that no name in braces contains.
        let given = [" {\"", " \""]
            .iter()
            .filter_map(|begin| asking.find(begin));
        let (asked, given) = asking.split_at(given.min().unwrap_or(asking.len()));
        rows.push(Row {
            dialect,
            statuses: statuses.try_into().expect("seven of them"),
            asked,
            given: given.trim_start(),
        });
    }
    rows
}
