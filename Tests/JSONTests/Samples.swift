@testable import JSON

/// The fault of a text read as a request is; nil when it is accepted.
func jsonFault(_ bytes: [UInt8]) -> JSONFault? {
    var json = StrictJSON()
    do throws(JSONFault) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONFault) in try json.read(buffer) }
        return nil
    } catch {
        return error
    }
}

func jsonFault(_ text: String) -> JSONFault? { jsonFault(Array(text.utf8)) }
