/// How a throw-away cluster differs from the usual one.
///
/// What is private to the server's own namespaces needs root and goes when its last process does, so that not even a
/// killed test run leaves a mount or an interface behind.
package struct ServerShape: Sendable {
    /// Megabytes of a disk that holds nothing but the server's data and so many more of ballast, a file that
    /// `PostgresServer.dropBallast()` removes.
    package struct Disk: Sendable {
        package var size: Int
        package var ballast: Int

        package init(size: Int, ballast: Int) {
            self.size = size
            self.ballast = ballast
        }
    }

    package var disk: Disk?

    /// Whether the server has a network of its own, in which it also listens on 127.0.0.1 port 5432.
    package var hasNetwork: Bool

    /// Further lines of `postgresql.conf`.
    package var settings: [String]

    package init(disk: Disk? = nil, hasNetwork: Bool = false, settings: [String] = []) {
        self.disk = disk
        self.hasNetwork = hasNetwork
        self.settings = settings
    }
}

extension ServerShape {
    /// The settings as the text of a file.
    var settingsText: String {
        let network = hasNetwork ? ["listen_addresses = '127.0.0.1'"] : []
        return (network + settings).joined(separator: "\n")
    }

    /// The program that makes the namespaces this shape asks for and then becomes `words`.
    func wrapping(_ words: [String], folder: String) -> [String] {
        var words = words
        if let disk {
            words = ["unshare", "--mount", "sh", "-c", Self.mounting, "sh", folder, "\(disk.size)"] + words
        }
        if hasNetwork {
            words = ["unshare", "--net", "sh", "-c", Self.linking, "sh"] + words
        }
        return words
    }

    /// Over a folder that every machine has and nobody of the server's needs, so that the server's own can be removed.
    private static let mounting = """
        mount -t tmpfs -o size="$2m" tmpfs /mnt && ln -s /mnt "$1/data" || {
            echo "failed: no disk of its own, which needs root"
            exit 1
        }
        shift 2
        exec "$@"
        """

    private static let linking = """
        ip link set lo up || {
            echo "failed: no network of its own, which needs root and iproute2"
            exit 1
        }
        exec "$@"
        """
}
