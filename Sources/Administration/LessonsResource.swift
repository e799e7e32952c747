import Budgeting
import EventLoops
import Forms
import Gateway
import JSON
import Keying
import Observability
import Registry
import Vocabulary

/// `/admin/v1/lessons`: what estimates have learned, `docs/api.md` §6. Confined to the loop.
///
/// One list of two kinds. Models come first, by name, from memory, which is what estimates use. Documents follow, by
/// account and identifier, from the store.
struct LessonsResource {
    /// The lesson that a request names.
    private enum Choice {
        case model(String)
        /// A UUID in lower case.
        case document(String)
    }

    /// One line of the list.
    private enum Item {
        case model(ModelLesson)
        case document(DocumentLesson)

        /// The cursor of the page that follows this item.
        var cursor: LessonCursor {
            switch self {
            case .model(let lesson): .model(lesson.model)
            case .document(let lesson): .document(lesson.document)
            }
        }
    }

    /// The length of the longest model name that is learned.
    private static let modelBytesMax = 128

    let rooms: SharedRooms
    let store: any LessonStore<AuditEntry>
    let back: LoopReturn

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, "/admin/v1/lessons", role: .viewer, handler: list),
            AdminRoute(.delete, "/admin/v1/lessons", role: .admin, handler: forget),
        ]
    }

    // MARK: Reading

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let page = try request.page(also: ["model", "document_id"])
            switch try choice(request) {
            case .model(let model)?:
                reply(Self.page(rooms.lesson(of: model).map { [.model($0)] } ?? [], limit: 1))
            case .document(let id)?:
                // One per account that knows the document.
                store.lessons(
                    of: id,
                    then: back.reply(through: reply) { Self.page($0.map(Item.document), limit: .max) }
                )
            case nil: list(from: try LessonCursor(page.cursor), atMost: page.limit, reply)
            }
        } catch {
            reply(AdminReply(error))
        }
    }

    private func list(from cursor: LessonCursor, atMost limit: Int, _ reply: @escaping (AdminReply) -> Void) {
        var models: [ModelLesson] = []
        var document: DocumentKey?
        // One more than the page holds, to learn whether the list continues.
        switch cursor {
        case .start: models = rooms.lessons(after: nil, atMost: limit + 1)
        case .model(let name): models = rooms.lessons(after: name, atMost: limit + 1)
        case .document(let last): document = last
        }
        let items = models.map(Item.model)
        guard items.count <= limit else { return reply(Self.page(items, limit: limit)) }
        store.documents(
            after: document,
            atMost: limit + 1 - items.count,
            then: back.reply(through: reply) { Self.page(items + $0.map(Item.document), limit: limit) }
        )
    }

    private static func page(_ items: [Item], limit: Int) -> AdminReply {
        .page(items, limit: limit, cursor: \.cursor.text) { item in
            switch item {
            case .model(let lesson): json(lesson)
            case .document(let lesson): json(lesson)
            }
        }
    }

    private static func json(_ lesson: ModelLesson) -> JSONValue {
        let recent = lesson.replies.map { reply in
            JSONValue.object([
                ("credits", .credits(reply.rate.credits)), ("pages", .integer(reply.rate.pages)),
            ])
        }
        return .object([
            ("kind", .string("model")), ("model", .string(lesson.model)),
            ("credits_per_page", .credits(lesson.rate.creditsPerPage)), ("replies", .integer(recent.count)),
            ("recent", .array(recent)),
        ])
    }

    private static func json(_ lesson: DocumentLesson) -> JSONValue {
        .object([
            ("kind", .string("document")), ("account", .string(lesson.document.account.rawValue)),
            ("document_id", .string(lesson.document.documentID)), ("pages", .integer(lesson.pages)),
        ])
    }

    // MARK: Forgetting

    private func forget(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            try request.checkQuery(["model", "document_id"])
            switch try choice(request) {
            case .model(let model)?: forget(model: model, request, reply)
            case .document(let id)?:
                let then = back.answer(reply) { forget(documentID: id, before: $0, request, reply) }
                store.lessons(of: id, then: then)
            case nil: throw .unprocessable("model", "is missing: say what to forget, with model or document_id")
            }
        } catch {
            reply(AdminReply(error))
        }
    }

    private func forget(model: String, _ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let audit = entry("model/\(model)", rooms.lesson(of: model).map(Self.json), request)
        let then = back.reply(through: reply) { (_: Void) in
            rooms.forget(model: model)
            return forgotten(audit)
        }
        store.forget(model: model, audit: audit, then: then)
    }

    private func forget(
        documentID: String,
        before: [DocumentLesson],
        _ request: AdminRequest,
        _ reply: @escaping (AdminReply) -> Void
    ) {
        let before = before.isEmpty ? nil : JSONValue.array(before.map(Self.json))
        let audit = entry("document/\(documentID)", before, request)
        store.forget(
            documentID: documentID,
            audit: audit,
            then: back.reply(through: reply) { (_: Void) in forgotten(audit) }
        )
    }

    private func entry(_ target: String, _ before: JSONValue?, _ request: AdminRequest) -> AuditEntry {
        let actor = request.changer
        return AuditEntry(
            at: SystemClock.wall(),
            actor: actor.name,
            role: actor.role.name,
            action: "lesson.delete",
            target: target,
            address: actor.address,
            before: before?.text,
            after: nil
        )
    }

    private func forgotten(_ audit: AuditEntry) -> AdminReply {
        ProcessLog.info("lesson_forgotten", ["actor": audit.actor, "target": audit.target])
        return .noContent
    }

    // MARK: Both

    private func choice(_ request: AdminRequest) throws(AdminFault) -> Choice? {
        switch (request.parameter("model"), request.parameter("document_id")) {
        case (nil, nil): return nil
        case (let model?, nil):
            guard (1...Self.modelBytesMax).contains(model.utf8.count) else {
                throw .unprocessable("model", "must be the name of a model, 1 to \(Self.modelBytesMax) bytes")
            }
            return .model(model)
        case (nil, let text?):
            guard let id = DocumentID.canonical(Array(text.utf8)) else {
                throw .unprocessable("document_id", "must be a UUID")
            }
            return .document(String(decoding: id, as: UTF8.self))
        case (.some, .some): throw .unprocessable("document_id", "cannot go with model; give one of them")
        }
    }
}
