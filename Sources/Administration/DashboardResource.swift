import Cryptography
import Dashboard
import Forms
import Vocabulary

/// The dashboard: `/`, and the files that it asks for. Confined to the loop.
///
/// The files' folder is named by the digest of all of them, so a browser may keep them for good, and a page never runs
/// with the modules of another version.
struct DashboardResource {
    /// Hexadecimal digits of the digest in the folder's name: 64 bits of it.
    private static let digitsInName = 16

    let folder: String
    private let page: [UInt8]

    init() {
        let all = DashboardFile.assets.flatMap { Array("\($0.name) \($0.bytes.count)\n".utf8) + $0.bytes }
        let digest = SHA256Hasher().digest(all)
        folder = "assets/\(String(digest.description.prefix(Self.digitsInName)))/"
        let text = String(decoding: DashboardFile.page, as: UTF8.self)
        page = Array(text.replacing(DashboardFile.folderInPage, with: folder).utf8)
    }

    var routes: [AdminRoute] {
        let page = Self.reply(self.page, "text/html; charset=utf-8", .page)
        let assets = DashboardFile.assets.map { file in
            let reply = Self.reply(file.bytes, file.type.rawValue, .asset)
            return AdminRoute(.get, "/\(folder)\(file.name)", role: nil) { _, done in done(reply) }
        }
        return [AdminRoute(.get, "/", role: nil) { _, done in done(page) }] + assets
    }

    private static func reply(_ content: [UInt8], _ type: String, _ use: AdminReply.Use) -> AdminReply {
        var reply = AdminReply.ok(content, contentType: type)
        reply.use = use
        return reply
    }
}

/// What the page may do, for browsers to enforce.
enum DashboardPolicy {
    /// `Content-Security-Policy` (W3C CSP Level 3): scripts, styles and answers of this listener alone, nothing inline,
    /// no frame around it, and no text that becomes markup (Trusted Types).
    static let content: StaticString = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'
        """
}
