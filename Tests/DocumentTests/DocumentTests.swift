import Foundation
import Testing

@Suite("Documents resolve")
struct DocumentTests {
    private let repository: Repository

    init() throws { repository = try Repository() }

    @Test("every page and section that is cited is there")
    func citations() {
        var count = 0
        for (path, text) in repository.texts where text.contains("docs/") {
            for citation in text.matches(of: /docs\/([a-z]+)\.md`?((?:(?:,| and)? §\d+)*)/) {
                let page = "docs/\(citation.1).md"
                guard let sections = repository.sections(of: page) else {
                    Issue.record("\(path): no page \(page)")
                    continue
                }
                for section in citation.2.matches(of: /§(\d+)/) {
                    count += 1
                    #expect(sections.contains(String(section.1)), "\(path): \(citation.0)")
                }
            }
        }
        #expect(count > 0)
    }

    @Test("every relative link of a document leads to a file, and to a section that is there")
    func links() {
        var count = 0
        for (path, text) in repository.documents {
            for link in text.matches(of: /\]\(([^)#:\s]+)(?:#[^)]*)?\)(?:, section (\d+))?/) {
                count += 1
                let target = repository.target(of: link.1, in: path)
                #expect(FileManager.default.fileExists(atPath: target.path), "\(path): \(link.1)")
                guard let section = link.2 else { continue }
                let page = String(target.path.dropFirst(repository.root.path.count + 1))
                #expect(repository.sections(of: page)?.contains(String(section)) == true, "\(path): \(link.0)")
            }
            for link in text.matches(of: /<doc:([A-Za-z]+)>/) {
                count += 1
                let target = repository.target(of: "\(link.1).md", in: path)
                #expect(FileManager.default.fileExists(atPath: target.path), "\(path): \(link.0)")
            }
        }
        #expect(count > 0)
    }

    @Test("the README leads to every page and every article")
    func reachable() throws {
        let readme = try #require(repository.documents.first { $0.path == "README.md" })
        for (path, _) in repository.documents where path != "README.md" {
            let names = path.split(separator: "/")
            // The front of a catalogue lists its articles.
            if names.count > 1, names[names.count - 2] == names[names.count - 1].dropLast(3) + ".docc" { continue }
            let isLinked = readme.text.contains("](\(path))")
            #expect(isLinked, "\(path)")
        }
    }
}
