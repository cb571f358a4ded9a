// What the browser remembers of uploads that are not over, so that a reload or a crash costs nothing but a click.

/** An upload that the server knows. The handle lets the same file be opened again without asking for it. */
export interface Pending {
  url: string;
  meeting: string;
  name: string;
  size: number;
  modified: number;
  handle?: FileSystemFileHandle;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("mainstay-uploads", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("pending", { keyPath: "url" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no storage"));
  });
}

async function act<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const db = await open();
    return await new Promise<T>((resolve, reject) => {
      const request = run(db.transaction("pending", mode).objectStore("pending"));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("no storage"));
    });
  } catch {
    return undefined; // A private window keeps nothing: the upload works, only its memory does not.
  }
}

export const keep = (p: Pending): Promise<unknown> => act("readwrite", (s) => s.put(p));
export const drop = (url: string): Promise<unknown> => act("readwrite", (s) => s.delete(url));
export const pending = async (): Promise<Pending[]> => (await act<Pending[]>("readonly", (s) => s.getAll() as IDBRequest<Pending[]>)) ?? [];
