import Foundation

/// The text files of the repository, by their paths from its root.
struct Repository {
    let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
    let texts: [(path: String, text: String)]

    init() throws {
        var texts: [(path: String, text: String)] = []
        for place in ["README.md", "Package.swift", "Sources", "Tests", "deploy", "docs"] {
            let url = root.appendingPathComponent(place)
            let files = FileManager.default.enumerator(at: url, includingPropertiesForKeys: [])?.compactMap {
                $0 as? URL
            }
            for file in [url] + (files ?? []) {
                let path = String(file.standardized.path.dropFirst(root.path.count + 1))
                if let text = try? String(contentsOf: file, encoding: .utf8) { texts.append((path, text)) }
            }
        }
        self.texts = texts
    }

    var documents: [(path: String, text: String)] { texts.filter { $0.path.hasSuffix(".md") } }

    /// The numbers of a page's sections; nil without such a page.
    func sections(of page: String) -> Set<String>? {
        guard let text = texts.first(where: { $0.path == page })?.text else { return nil }
        return Set(text.matches(of: #/(?m)^## (\d+)\. /#).map { String($0.1) })
    }

    /// What a document's link leads to, as a path from the root.
    func target(of link: Substring, in document: String) -> URL {
        root.appendingPathComponent(document).deletingLastPathComponent().appendingPathComponent(String(link))
            .standardized
    }
}
