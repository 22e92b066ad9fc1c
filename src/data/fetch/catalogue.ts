import type { KnownSetName } from '../../spec/types.js';

/** A file on another machine, and what its bytes must be. */
export interface RemoteFile {
  readonly url: string;
  readonly bytes: number;
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
}

/** Where a data set is from, and what has to be fetched to have it. */
export interface Origin {
  /** The page of its authors. */
  readonly page: string;
  /** Terms of use, as the page states them. */
  readonly licence: string;
  /** What to fetch; null: it cannot be had without asking its owners. */
  readonly files: readonly RemoteFile[] | null;
  /** Whether the one file is an archive (.tar.gz) of the data set's files. */
  readonly archive: boolean;
}

function filesBelow(url: string, files: readonly (readonly [string, number, string])[]) {
  return files.map(([name, bytes, sha256]): RemoteFile => ({ url: url + name, bytes, sha256 }));
}

/**
 * Every data set's origin. Sizes and checksums are those that TensorFlow Datasets publishes
 * (github.com/tensorflow/datasets, tensorflow_datasets/url_checksums/).
 */
export const origins: Readonly<Record<KnownSetName, Origin>> = {
  mnist: {
    page: 'http://yann.lecun.com/exdb/mnist/',
    licence: 'none stated',
    archive: false,
    files: filesBelow('https://storage.googleapis.com/cvdf-datasets/mnist/', [
      [
        'train-images-idx3-ubyte.gz',
        9_912_422,
        '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      ],
      [
        'train-labels-idx1-ubyte.gz',
        28_881,
        '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      ],
      [
        't10k-images-idx3-ubyte.gz',
        1_648_877,
        '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      ],
      [
        't10k-labels-idx1-ubyte.gz',
        4542,
        'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
      ],
    ]),
  },
  'fashion-mnist': {
    page: 'https://github.com/zalandoresearch/fashion-mnist',
    licence: 'MIT',
    archive: false,
    files: filesBelow('http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/', [
      [
        'train-images-idx3-ubyte.gz',
        26_421_880,
        '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      ],
      [
        'train-labels-idx1-ubyte.gz',
        29_515,
        'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
      ],
      [
        't10k-images-idx3-ubyte.gz',
        4_422_102,
        '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      ],
      [
        't10k-labels-idx1-ubyte.gz',
        5148,
        '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
      ],
    ]),
  },
  cifar10: {
    page: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    licence: 'none stated; cite Krizhevsky 2009',
    archive: true,
    files: filesBelow('https://www.cs.toronto.edu/~kriz/', [
      [
        'cifar-10-binary.tar.gz',
        170_052_171,
        'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
      ],
    ]),
  },
  cifar100: {
    page: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    licence: 'none stated; cite Krizhevsky 2009',
    archive: true,
    files: filesBelow('https://www.cs.toronto.edu/~kriz/', [
      [
        'cifar-100-binary.tar.gz',
        168_513_733,
        '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
      ],
    ]),
  },
  imagenet: {
    page: 'https://www.image-net.org/',
    licence: 'research and education, on request',
    archive: false,
    files: null,
  },
};
