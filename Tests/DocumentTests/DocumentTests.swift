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

    @Test("the operations guide says what to do about every rule and every kind of alert, and knows no others")
    func alerts() throws {
        let text = { [repository] (path: String) in
            try #require(repository.texts.first { $0.path == path }, "\(path)").text
        }
        let rules = try text("deploy/prometheus/tollgate.rules.yml").matches(of: #/- alert: (\w+)/#).map { $0.1 }
        let page = try text("docs/alerts.md")
        let told = page[..<(try #require(page.range(of: "\n## 2. "))).lowerBound]
        let kinds = told.matches(of: #/(?m)^\| `(\w+)` \|/#).map { $0.1 }.filter { $0 != "type" && $0 != "test" }
        let guide = try text("docs/operations.md")
        let start = try #require(guide.range(of: "\n## 3. ")).upperBound
        let end = try #require(guide.range(of: "\n## 4. ")).lowerBound
        let rows = guide[start..<end].split(separator: "\n").filter { $0.hasPrefix("| `") }
        let named = rows.flatMap { row in
            row.dropFirst(2).prefix { $0 != "|" }.matches(of: #/`(\w+)`/#).map { $0.1 }
        }
        #expect(rules.count > 10 && kinds.count > 5)
        #expect(Set(named) == Set(rules + kinds + ["upstream_out_of_credits"]))
        #expect(named.count == Set(named).count)
    }
}
