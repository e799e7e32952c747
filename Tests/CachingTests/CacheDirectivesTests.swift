import Caching
import TestSupport
import Testing

@Suite("Cache-Control of a request")
struct CacheDirectivesTests {
    private func directives(_ lines: String...) -> CacheDirectives {
        var directives = CacheDirectives()
        for line in lines { directives.add(fieldValue: Array(line.utf8).span) }
        return directives
    }

    @Test(
        "names are found in any case, among others, and with white space around",
        arguments: ["no-cache", "No-Cache", " no-cache", "foo=1,\tNO-CACHE ", ",,no-cache,", "x=\"a,b\", no-cache"]
    )
    func names(_ line: String) {
        #expect(directives(line).noCache)
        #expect(!directives(line).noStore)
        #expect(directives(line).maxAgeSeconds == nil)
    }

    @Test("each directive sets its own mark")
    func marks() {
        #expect(directives("no-store").noStore)
        #expect(directives("only-if-cached").onlyIfCached)
        #expect(directives("no-store, only-if-cached").onlyIfCached)
        #expect(directives("") == CacheDirectives())
    }

    @Test(
        "what is only similar to a directive, or stands within a string, is ignored",
        arguments: [
            "no-caches", "no_cache", "xno-cache", "no cache", "foo=\"no-cache\"", "foo=\"a\\\", no-cache\"",
            "foo=\"no-cache",
            "max-stale=5", "=no-store", "private, s-maxage=3", ";no-store", "foo \"x, no-cache\"",
        ]
    )
    func others(_ line: String) { #expect(directives(line) == CacheDirectives()) }

    @Test(
        "max-age is a number of seconds, as a token or as a string",
        arguments: [
            ("max-age=0", 0), ("max-age=60", 60), ("MAX-AGE=60", 60), ("max-age=\"60\"", 60), ("max-age=007", 7),
            ("max-age=2147483647", 2_147_483_647), ("max-age=2147483648", 1 << 31),
            ("max-age=99999999999999999999999999", 1 << 31),
        ] as [(String, Int64)]
    )
    func maxAge(_ line: String, _ seconds: Int64) { #expect(directives(line).maxAgeSeconds == seconds) }

    @Test(
        "a malformed max-age accepts nothing that has an age",
        arguments: [
            "max-age", "max-age=", "max-age=-1", "max-age=+1", "max-age=5.5", "max-age=1e3", "max-age=abc",
            "max-age = 5",
            "max-age=5 6", "max-age=\"5", "max-age=\"\"", "max-age=5;x", "max-age=\"5\"6", "max-age= 5",
        ]
    )
    func malformed(_ line: String) { #expect(directives(line).maxAgeSeconds == 0) }

    @Test("of several max-age the smallest holds, on one line or on several")
    func conflict() {
        #expect(directives("max-age=9, max-age=5, max-age=7").maxAgeSeconds == 5)
        #expect(directives("max-age=9", "max-age=x").maxAgeSeconds == 0)
        #expect(directives("max-age=9", "no-cache") == directives("no-cache, max-age=9"))
    }

    @Test("any bytes are walked to their end")
    func randomBytes() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("no-cache,=\"\\ \tmax-age0195;\u{7f}".utf8)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...40, using: &generator)
            let bytes = (0..<length).map { _ in alphabet.randomElement(using: &generator)! }
            var directives = CacheDirectives()
            directives.add(fieldValue: bytes.span)
            if let seconds = directives.maxAgeSeconds {
                #expect((0...CacheDirectives.secondsMax).contains(seconds), "seed \(seed)")
            }
        }
    }
}
