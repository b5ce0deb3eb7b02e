//! The five-minute tour of `chat`: one chat server that speaks five documented chat APIs over one core.
//!
//! A message travels like this: a handler of one dialect has [`core::message::post`] queued, by [`core::Core::post`] or
//! [`core::Core::write_then`]. The writer commits it with whatever else has queued up, and hands the announced events to the
//! fan-out in [`realtime`]. That asks every dialect that has subscribers there to retell the event, and then answers the
//! caller.
//!
//! The modules may name each other in one direction only:
//! `main → server, realtime, commands → dialects, admin → mail → web → core`.
//!
//! - [`core`]: what chat *is*: people, conversations, the one message log, and who may do what; no HTTP, no JSON, no
//!   dialect. Whatever changes something is a verb, run by one writer, many to a commit.
//!   - `model`: the nouns of chat, and what verbs announce about them
//!   - `may`: decides who may do what in a conversation, for every route and event
//!   - `message`: posts, deletes and reads messages
//!   - `conversation`: makes conversations; joining, leaving, typing, reading and listing them
//!   - `owner`: names, describes, archives and slows down groups and rooms, and names their owners
//!   - `restraint`: bans and silences people in groups and rooms
//!   - `slow_mode`: says when somebody may speak again
//!   - `block`: who has blocked whom, and what does not happen between them
//!   - `report`: messages that were reported to the administrators
//!   - `unwanted`: words and patterns that texts may not have
//!   - `word_list`: the list of them, compiled
//!   - `level`: what a member wants to be told of while they are away
//!   - `search`: finds messages by their words, among those that somebody may read
//!   - `words`: parts a text into the words by which it is found
//!   - `file`: stores files part by part, and reads them
//!   - `file_path`: reads the paths by which messages name files
//!   - `change`: edits, deletes and pins messages, and reacts to them
//!   - `mention`: finds out whom a text mentions
//!   - `missed`: finds what a client missed since a position, in the order of the log
//!   - `notice`: system notifications
//!   - `presence`: who is there, and who may know it
//!   - `peers`: who is there at the other servers on the database
//!   - `questions`: what these ask each other
//!   - `first_room`: makes the room that everybody meets in
//!   - `session`: mentoring sessions, which another application records
//!   - `account`: signs people up and changes passwords
//!   - `oneself`: what people do with their own account: name, picture, password, address, leaving
//!   - `erasure`: deletes what is left of removed accounts, a little at a time
//!   - `device`: logs people in and out: a login is a device
//!   - `external_login`: logins by another system: an OpenID Connect issuer, or an application's own tokens
//!   - `code`: codes and links sent by mail, which prove an address
//!   - `token`: makes and reads JWTs
//!   - `sid`: the random name of a device in its token
//!   - `password`: hashes passwords by bcrypt, on a few threads of low priority
//!   - `directory`: answers from memory who an account is and whether its device may still come in
//!   - `recent`: remembers when each conversation was last active
//!   - `admin`: what an administrator may do to accounts, messages, files and mail
//!   - `moving`: reads everything that a server holds
//!   - `importing`: takes in the history of another server or another chat
//!   - `size`: how large the database is
//!   - `backup`: copies the database, and restores a copy
//!   - `backup_folder`: when a server backs itself up, and which backups it keeps
//!   - `certificate`: which certificate the server gets by itself, and what is kept of it
//!   - `retention`: how long messages and files are kept
//!   - `tidy`: deletes what has expired
//!   - `health`: finds out whether the disk still takes a write
//!   - `digest`: decides who gets mail about unread messages
//!   - `outbox`: queues mail in the transaction that causes it
//!   - `quota`: limits how much mail an address gets and an account causes
//!   - `limits`: the numbers of the contract: lengths, counts and rates
//!   - `pace`: limits how many conversations an account makes in an hour
//!   - `meter`: counts what the writer does and how long it takes
//!   - `id`: ids, and their spellings in the documents
//!   - `invitation`: decides who may sign up, and invites people
//!   - `identity`: decides which names and addresses count as equal
//!   - `text`: says what is wrong with a name, an address, a password or a text
//!   - `time`: milliseconds inside, ISO 8601 outside
//!   - `short`: short texts without heap memory
//!   - `hash_text`: a hash as text, in the feed
//!   - `error`: every way to refuse something, with a sentence for the person who asked
//!   - `cost`: a test that a message costs the same however many belong to the conversation
//!   - `store`: all SQL, in methods that only the core can call
//!     - `account`: accounts and devices
//!     - `oneself`: what one account has here, and what is left to delete of removed ones
//!     - `conversation`: conversations and members
//!     - `block`: who has blocked whom
//!     - `report`: reported messages
//!     - `unwanted`: unwanted words and patterns
//!     - `level`: members' settings
//!     - `restraint`: bans, silences and turns in slow mode
//!     - `message`: the message log
//!     - `change`: reactions, pins, and what became of messages
//!     - `mention`: whom messages mention
//!     - `file`: files and their parts
//!     - `attached`: which messages name which files
//!     - `notice`: notifications, and the audit log
//!     - `feed`: what other processes hear of a commit
//!     - `feed_tests`: tests that a row says it all, also to other versions
//!     - `mailbox_tests`: tests when a server on a file hears what a command has done
//!     - `session`: mentoring sessions
//!     - `code`: codes and proofs
//!     - `invitation`: invitations, and where they lead to
//!     - `outbox`: queued mail
//!     - `digest`: who is to get mail about unread messages
//!     - `quota`: how much mail was sent
//!     - `server`: the public URL of the server on this file, and its first room
//!     - `moving`: everything that a server holds, as rows
//!     - `importing`: what is imported, as rows
//!     - `transfer`: the rows of any table, from one database to another
//!     - `retention`: what is too old
//!     - `space`: pages of the file
//!     - `log`: the last position of the log
//!     - `missed`: what comes next in a conversation: messages, files and changes
//!     - `search`: the index of words, which lies behind the log
//!     - `indexing`: decides when the writer goes on with it
//!     - `search_tests`: tests that the index forgets what is deleted
//!     - `read_cache`: what one snapshot has read already
//!     - `read_mark`: how far members have read
//!     - `lookup`: what a verb is about to look up
//!     - `login`: logins that have begun elsewhere
//!     - `certificate`: certificates, and accounts at those who issue them
//!     - `admin`: what only administrators see
//!     - `database`: where everything is kept: a file, or a PostgreSQL server
//!     - `connection`: a connection to whichever database it is
//!     - `sql`: what statements are given, and what they find
//!     - `checkpoint`: folds the write-ahead log in, beside the writer
//!     - `writer`: one thread that commits whatever verbs have queued up
//!     - `verb`: a verb in that queue, and how its caller is answered
//!     - `read_pool`: connections that only read, each time in one snapshot
//!     - `schema`: opens the file and migrates older ones
//!     - `identify`: finds out whether a file is ours, and of which version
//!     - `upgrade`: the parts of migrations that SQL cannot do
//!     - `leap`: moves all counters ahead after a restore, so that no id is given twice
//!     - `backup`: copies the file and checks it for damage
//!     - `postgres`: what only PostgreSQL can do
//!       - `address`: which PostgreSQL server, which database, as whom
//!       - `parameters`: what else an address says: encryption, and how long a connection may be silent
//!       - `passfile`: which password is for which server
//!       - `connect`: makes a connection, host after host
//!       - `tls`: encrypts a connection
//!       - `certificates`: which certificates are good
//!       - `connection`: a connection that one thread uses
//!       - `value`: how values are written and read there
//!       - `sets`: statements that write many rows
//!       - `schema`: makes the tables
//!       - `pen`: whose turn it is to write
//!       - `lookup`: looks that up for all verbs of a commit at once
//!       - `feed`: how far this server has heard what all have committed
//!       - `leap`: moves all counters ahead after a failover or a restore
//!       - `listener`: learns that others have committed
//!       - `peers`: the servers on one database, and who is there
//!       - `tries`: how often passwords and the like were tried
//!       - `search`: the index of words
//!       - `error`: turns errors of PostgreSQL into refusals
//!       - `look`: whether a server is fit for chat
//!       - `transfer`: takes in many rows at once, and sets the counters
//!     - `error`: turns errors of SQLite into refusals
//!     - `savepoint_tests`: tests what a verb that fails leaves behind
//! - [`web`]: what all routes share
//!   - `call`: a request in hand: who asks, for what, with which body
//!   - `input`: JSON as a client sent it
//!   - `fields`: takes fields out of the input and collects what is wrong with them
//!   - `finding`: reads what a client searches for
//!   - `forms`: reads multipart forms
//!   - `bounded_body`: bounds the bytes of a form
//!   - `routes`: merges the dialects' route tables into one tree
//!   - `answer`: replies, and the one envelope of refusals
//!   - `etag`: decides when a client has the newest version already
//!   - `refused`: shows a refusal to a browser
//!   - `windows`: counts how much somebody has had lately
//!   - `rates`: rate limits
//!   - `in_flight`: limits the requests of one account in flight
//!   - `volume`: limits the bytes that an account uploads
//!   - `signing_up`: signs somebody up with an address that nobody has proven
//!   - `login`: checks an address and a password
//!   - `oneself`: what people do with their own account
//!   - `export`: sends all that is one's own as a ZIP
//!   - `oidc`: logs in at an OpenID Connect issuer
//!   - `issuer`: asks that issuer, and checks its ID tokens
//!   - `uploads`: takes files in, part by part
//!   - `downloads`: sends files: whole, as a range, or not at all
//!   - `media`: decides the media type of a file
//!   - `inviting`: invites people
//!   - `qr`: draws a link as a QR code
//!   - `people`: makes the URLs of pictures and files
//!   - `presence`: reads whose presence is asked for
//!   - `pages`: serves the embedded pages
//!   - `documents`: OpenAPI and AsyncAPI of each dialect
//!   - `about`: tells pages what this server allows
//!   - `mailing`: turns mail about unread messages on and off
//!   - `origin`: reads and compares origins of web pages
//!   - `this_machine`: knows the addresses and names of this machine
//!   - `watch`: gives administrators live events, sockets and figures
//! - [`dialects`]: how clients say it: a folder for each document, with its route table, its events, its shapes
//!   - `campus`: REST and events of the campus document
//!   - `mentor`: REST, and events in `/chat`, of the mentor document
//!   - `emote`: REST of the emote document
//!   - `rooms`: REST and events of the rooms document
//!   - `direct`: events and notifications of the direct document
//!   - `added`: what messages have beyond the documents
//!   - `changing`: requests and events that change messages
//!   - `owning`: requests and events of owners, members and settings
//!   - `restraining`: bans and silences, as campus and mentor answer them
//!   - `beyond`: what several documents lack, read in the same words
//!   - `socket_event`: an event from a socket, in hand
//!   - `telling`: what a dialect tells to whom
//! - [`realtime`]: the one Socket.IO server: which clients may connect, and what each of them hears
//!   - `handshake`: what is kept of the first request of a session
//!   - `client`: a socket that was let in
//!   - `heard`: an event as a client sent it
//!   - `bucket`: limits how many events a socket sends
//!   - `fan_out`: the task that tells each commit to the subscribers
//!   - `registry`: knows all sockets and what they subscribe to
//!   - `retelling`: turns an event into each dialect's packets
//!   - `signal`: what the fan-out is told beside commits
//!   - `send_queue`: the packets that wait for one socket
//!   - `sending`: hands packets to a socket as fast as it takes them
//!   - `transport`: what realtime needs of a connection
//!   - `catch_up`: tells a client what it missed
//!   - `in_flight`: knows what a client has asked for that is not done yet
//!   - `backlog`: keeps what happens while a client catches up
//!   - `joining`: subscribes a socket to all conversations of its account
//!   - `typing`: knows who is typing, and until when
//!   - `presence`: knows who has come and gone, and tells it at a bounded pace
//!   - `introducing`: tells of new names and pictures
//!   - `context`: what all sockets share
//!   - `disconnect`: what happens when a socket goes
//! - [`admin`]: the administrators' API and page, shaped like a dialect
//!   - `people`: accounts
//!   - `conversations`: conversations and their messages
//!   - `moderation`: what administrators may do to members
//!   - `files`: files
//!   - `sessions`: mentoring sessions
//!   - `invitations`: links by which people sign up
//!   - `reports`: reported messages
//!   - `unwanted`: unwanted words and patterns
//!   - `outbox`: mail
//!   - `audit`: the audit log
//!   - `stats`: figures and warnings
//!   - `metrics`: `/healthz`, `/livez`, `/readyz`, and `/metrics` for Prometheus
//!   - `wire`: a live stream of all events
//!   - `sockets`: open sockets
//!   - `backup`: downloads a copy of the database
//!   - `set_up`: makes the first administrator
//! - [`mail`]: what is mailed, and how
//!   - `templates`: the words and the layout of every mail
//!   - `mailer`: writes digests that are due, and sends mail by SMTP
//! - [`server`]: accepts connections, and ends them
//!   - `listeners`: the addresses to listen on
//!   - `tls`: takes up TLS connections with whatever the certificate is then
//!   - `certificate_files`: certificates in files, which are read again when they change
//!   - `acme`: when a certificate is got by itself, and what happens if that fails
//!   - `acme_order`: gets one certificate
//!   - `acme_directory`: asks whoever issues it
//!   - `redirecting`: sends clients of plain HTTP to HTTPS
//!   - `validity`: until when a certificate is valid
//!   - `slots`: limits how many connections there are
//!   - `timeouts`: limits how long a client takes
//!   - `connection`: a connection that can be cut, and that knows what was taken
//!   - `ingress`: what happens to a request before the routes see it
//!   - `proxies`: finds out which client sent a request
//!   - `origins`: decides which web pages may use the server
//!   - `websocket`: starts websockets
//!   - `frames`: checks websocket frames before Socket.IO reads them
//!   - `payload`: checks polling payloads before Socket.IO reads them
//!   - `engine_request`: reads the parameters of Engine.IO requests
//!   - `engine_sessions`: sessions that use several connections
//!   - `messages`: finds the messages in a polling payload
//!   - `unfinished`: limits the bytes of packets that have not come completely
//!   - `unread_answers`: limits the bytes of answers that nobody reads
//!   - `tidying`: deletes what has expired, once a minute
//!   - `erasing`: deletes what is left of removed accounts
//!   - `backing_up`: makes the backups that are due
//!   - `temp`: throwaway servers for tests
//! - [`commands`]: the command line
//!   - `serve`: `chat` without a subcommand: from the flags to an orderly stop
//!   - `service`: tells systemd when it serves, lives and ends
//!   - `bootstrap`: makes the administrator whom the flags name
//!   - `greeting`: what is printed once the server runs
//!   - `user`: `chat user`
//!   - `admin`: `chat admin`
//!   - `session`: `chat session`
//!   - `invite`: `chat invite`
//!   - `notify`: `chat notify`
//!   - `backup`: `chat backup`, `chat restore`, `chat check`
//!   - `doctor`: `chat doctor`
//!     - `postgres`: what is wrong with a PostgreSQL server
//!   - `healthcheck`: `chat healthcheck`
//!   - `export`: `chat export`: everything as a ZIP
//!   - `import`: `chat import`: what that, Slack or Mattermost has written
//!     - `container`: a ZIP, or a file with others beside it
//!     - `json`: reads JSON row by row
//!     - `archive`: what was read, before it is written
//!     - `own`: reads what `chat export` has written
//!     - `slack`: reads Slack's export
//!     - `mattermost`: reads Mattermost's bulk export
//!     - `emoji`: emoji by their names
//!   - `transfer`: `chat move`: everything from a file to PostgreSQL, or back
//!   - `stop`: ends long work on Ctrl-C
//!   - `search`: `chat search`
//!   - `print`: `chat completions` and `chat systemd`
//!   - `progress`: shows how far long work is
//!   - `table`: prints lists
//! - [`flags`]: every flag, with its help and its default
//!   - `values`: reads the values of flags
//!   - `settings`: the flags as `/admin` shows them

pub mod admin;
pub mod commands;
pub mod core;
pub mod dialects;
pub mod flags;
pub mod mail;
pub mod realtime;
pub mod server;
pub mod web;

pub use server::Server;

/// The README's example is tried with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
