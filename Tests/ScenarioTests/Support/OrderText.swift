import FoundationEssentials

/// An order as a person writes it: small containers, anywhere in the country, from now.
struct OrderText {
    var count = 30
    var window = "PT20S"
    var grace = "PT5S"
    var image = "muster.local/probe:1"
    /// More members of the object, each ended by a comma.
    var more = ""

    var json: String {
        """
        { "spec": { "kind": "container", "vcpu": 0.05, "memoryMiB": 16, "image": "\(image)" },
          "count": \(count), \(more)
          "window": { "duration": "\(window)" },
          "release": { "grace": "\(grace)" } }
        """
    }

    /// The path of a new file with it.
    func write(to folder: String) throws -> String {
        let file = "\(folder)/order-\(UUID().uuidString).json"
        try Data(json.utf8).write(to: URL(filePath: file))
        return file
    }
}
