import JSON

/// `GET /openapi.json`: the description of the API, without a token: `docs/api.md` §6. Confined to the loop.
///
/// It is the same for everybody as long as the program runs, so it is made once, when it is first asked for.
final class DescriptionResource {
    private let program: AdminProgram
    private lazy var content: [UInt8] = {
        APIDescription(version: program.version, clientURL: program.clientURL).json.text + [0x0A]
    }()

    init(program: AdminProgram) { self.program = program }

    var routes: [AdminRoute] {
        [
            // A query is ignored: it chooses nothing, and some readers add one to get past a cache.
            AdminRoute(.get, "/openapi.json", role: nil) { [unowned self] _, reply in
                reply(.ok(content, contentType: "application/json"))
            }
        ]
    }
}
